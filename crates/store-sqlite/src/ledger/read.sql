-- What receipts are found by. A copy of what they say, in one index: whoever looks for several
-- events or risks looks once for each.
ALTER TABLE receipt ADD COLUMN event TEXT NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN risk TEXT NOT NULL DEFAULT '';
UPDATE receipt SET
    event = coalesce(json_extract(body, '$.content.event'), ''),
    risk = coalesce(json_extract(body, '$.content.policy.risk'), '')
    WHERE json_valid(body);
CREATE INDEX receipt_kind ON receipt (event, risk, recorded_at);

-- Who decided, for those receipts in which somebody did.
CREATE TABLE receipt_person (
    person TEXT NOT NULL,
    event TEXT NOT NULL,
    risk TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, event, risk, recorded_at, seq)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO receipt_person (person, event, risk, recorded_at, seq)
    SELECT json_extract(body, '$.content.approver_decision.person'), event, risk, recorded_at, seq
    FROM receipt
    WHERE json_valid(body)
        AND json_type(body, '$.content.approver_decision.person') = 'text';
INSERT OR IGNORE INTO receipt_person (person, event, risk, recorded_at, seq)
    SELECT name.value, event, risk, recorded_at, seq
    FROM receipt, json_each(iif(json_valid(body), body, '{}'), '$.content.multi_approval.approvers')
        AS name
    WHERE name.type = 'text';
