-- The latest time that the ledger knows of, whatever the clock says later.
CREATE INDEX receipt_time ON receipt (recorded_at);

-- Standing permissions. What one permits is what was signed in its request.
CREATE TABLE standing (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES request,
    principal TEXT NOT NULL,
    session TEXT,
    workspace TEXT NOT NULL,
    action_hash BLOB NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    count INTEGER,
    used INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_call ON standing (action_hash, principal, workspace, granted_at, id)
    WHERE revoked_at IS NULL;

-- Who stopped everything.
CREATE TABLE frozen (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    body TEXT NOT NULL
) STRICT;

-- Requests for which there was no place yet.
CREATE TABLE queued (
    request TEXT PRIMARY KEY REFERENCES request
) STRICT, WITHOUT ROWID;

-- Denials that came one after another.
CREATE INDEX request_denied ON request (principal, session, workspace, created_at, id)
    WHERE state = 'DENIED';
