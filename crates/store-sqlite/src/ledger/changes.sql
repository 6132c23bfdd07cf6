-- What was stopped and what is held is looked back for as well.
UPDATE receipt SET change = 'frozen' WHERE request_id IS NULL AND event = 'frozen';
UPDATE receipt SET change = 'held' WHERE request_id IS NULL AND event = 'observed'
    AND json_extract(iif(json_valid(body), body, '{}'), '$.content.action.kind') = 'ledger'
    AND json_extract(iif(json_valid(body), body, '{}'), '$.content.action.change')
        IN ('held', 'released');
