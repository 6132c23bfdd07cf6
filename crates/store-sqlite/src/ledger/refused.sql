-- Whether the same call was refused a while ago.
CREATE INDEX request_refused ON request (action_hash, principal, workspace, created_at, id)
    WHERE state = 'DENIED';
