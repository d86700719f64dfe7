-- Checks the addresses older than version 48. Blocks neither readers nor writers.
ALTER TABLE addresses VALIDATE CONSTRAINT texts_length;

COMMENT ON INDEX orders_user_id_status_idx IS
    'The orders of a user in a state, newest first: few of the many that one buyer may have.';
