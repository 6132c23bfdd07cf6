CREATE TABLE device (
    device_id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    keys TEXT NOT NULL,
    registered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The columns repeat what the body says, for those who look for it.
CREATE TABLE pairing (
    nonce TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    routing_token TEXT NOT NULL UNIQUE,
    enforcer_id TEXT NOT NULL,
    approver_id TEXT,
    is_open INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pairing_code ON pairing (code);
CREATE INDEX pairing_open ON pairing (expires_at) WHERE is_open = 1;
CREATE INDEX pairing_expiry ON pairing (expires_at);
CREATE INDEX pairing_enforcer ON pairing (enforcer_id);
CREATE INDEX pairing_approver ON pairing (approver_id);

-- A route outlives its pairing, and once closed it never opens again.
CREATE TABLE route (
    routing_token TEXT PRIMARY KEY,
    enforcer_id TEXT NOT NULL,
    approver_id TEXT NOT NULL,
    is_open INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX route_ends ON route (enforcer_id, approver_id);
CREATE INDEX route_approver ON route (approver_id);

-- Messages stand apart, so that a change of state does not write them anew.
CREATE TABLE exchange (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    enforcer_id TEXT NOT NULL,
    approver_id TEXT NOT NULL,
    artifact_hash TEXT NOT NULL,
    artifact_key TEXT NOT NULL,
    state TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    expires_text TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    msg_id TEXT NOT NULL,
    is_dismissed INTEGER NOT NULL DEFAULT 0,
    is_acked INTEGER NOT NULL DEFAULT 0,
    digest BLOB,
    answer_id TEXT,
    decided_at INTEGER,
    UNIQUE (enforcer_id, request_id),
    UNIQUE (approver_id, request_id)
) STRICT;
CREATE INDEX exchange_waiting ON exchange (approver_id, received_at, request_id)
    WHERE state = 'pendingApproval';
CREATE INDEX exchange_between ON exchange (enforcer_id, approver_id, expires_at)
    WHERE state = 'pendingApproval';
CREATE INDEX exchange_due ON exchange (expires_at) WHERE state = 'pendingApproval';
CREATE INDEX exchange_answered ON exchange (enforcer_id, decided_at, request_id)
    WHERE state = 'decided';
CREATE INDEX exchange_over ON exchange (expires_at) WHERE state <> 'pendingApproval';

CREATE TABLE sealed_artifact (
    exchange INTEGER PRIMARY KEY REFERENCES exchange ON DELETE CASCADE,
    content TEXT NOT NULL
) STRICT;
CREATE TABLE sealed_answer (
    exchange INTEGER PRIMARY KEY REFERENCES exchange ON DELETE CASCADE,
    content TEXT NOT NULL
) STRICT;
