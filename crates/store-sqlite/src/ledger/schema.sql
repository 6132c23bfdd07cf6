CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    ledger TEXT NOT NULL,
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

-- Names that were drawn once: sessions and repository references.
CREATE TABLE name (
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, owner, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    seq INTEGER PRIMARY KEY,
    content_hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    request_id TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX receipt_request ON receipt (request_id, seq) WHERE request_id IS NOT NULL;

-- The newest signed head.
CREATE TABLE checkpoint (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE request (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    session TEXT NOT NULL,
    workspace TEXT NOT NULL,
    action_hash BLOB NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- One call waits once.
CREATE UNIQUE INDEX request_open ON request (action_hash, principal, session, workspace)
    WHERE state IN ('CREATED', 'AWAITING_DECISION', 'APPROVED');
CREATE INDEX request_age ON request (created_at, id)
    WHERE state IN ('CREATED', 'AWAITING_DECISION', 'APPROVED');

CREATE TABLE asked (
    request TEXT NOT NULL REFERENCES request,
    place INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (request, place)
) STRICT;
CREATE TABLE accepted (
    request TEXT NOT NULL REFERENCES request,
    place INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (request, place)
) STRICT;

-- What a decision used up: its request with the artifact, and its nonce with the signer.
CREATE TABLE spent (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, name, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES request,
    owner TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    is_open INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_open ON claim (claimed_at, id) WHERE is_open = 1;
