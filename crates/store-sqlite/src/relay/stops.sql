-- Stops on their way to enforcers, one of each approver.
CREATE TABLE stop (
    enforcer_id TEXT NOT NULL,
    approver_id TEXT NOT NULL,
    stop_id TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (enforcer_id, approver_id)
) STRICT, WITHOUT ROWID;
