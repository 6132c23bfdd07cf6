-- What was taken back is looked back for, like other changes of who may do what: it stays when its
-- segment is sealed.
UPDATE receipt SET change = event WHERE request_id IS NULL AND event = 'revoked';
