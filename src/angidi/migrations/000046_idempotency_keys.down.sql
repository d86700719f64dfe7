-- squawk-ignore-file ban-drop-table, ban-drop-function
-- Requests that are repeated afterwards run again.
DROP TABLE idempotency_keys;
DROP FUNCTION claim_idempotency_key(uuid, text, bytea);
