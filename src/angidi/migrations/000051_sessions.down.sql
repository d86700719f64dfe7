-- squawk-ignore-file ban-drop-table, ban-drop-column
-- Everybody logs in again when it comes up again.
DROP TABLE refresh_tokens;
DROP TABLE sessions;
ALTER TABLE users DROP COLUMN sessions_ended_at;
