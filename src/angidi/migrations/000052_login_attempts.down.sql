-- squawk-ignore-file ban-drop-table, ban-drop-function
-- Failed log-ins are no longer counted; what was counted is worth nothing after 15 minutes.
DROP FUNCTION release_login_attempt(bytea, bytea, timestamptz);
DROP FUNCTION accept_login_attempt(bytea, bytea, timestamptz, uuid);
DROP FUNCTION begin_login_attempt(bytea, bytea, uuid, bytea[]);
DROP FUNCTION lock_login_attempts(bytea);
DROP FUNCTION is_login_bound_reached(timestamptz[], integer, timestamptz);
DROP TABLE known_addresses;
DROP TABLE login_attempts;
