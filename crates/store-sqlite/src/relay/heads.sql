-- How long the ledgers of enforcers were. The newest head of each ledger stays.
CREATE TABLE head (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    enforcer_id TEXT NOT NULL,
    ledger TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (enforcer_id, ledger)
) STRICT;
