-- Receipts that the gate looks up by what they are about: keys and policies. Others have none.
ALTER TABLE receipt ADD COLUMN change TEXT;
UPDATE receipt SET change = json_extract(body, '$.content.event')
    WHERE request_id IS NULL AND json_extract(body, '$.content.event') IN ('key', 'policy');
CREATE INDEX receipt_change ON receipt (change, seq) WHERE change IS NOT NULL;

-- What the policy said of a request's action.
ALTER TABLE request ADD COLUMN policy TEXT;
