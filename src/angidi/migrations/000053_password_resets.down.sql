-- squawk-ignore-file ban-drop-table
-- Tokens that were handed over and not used are void; a reset of the password can be asked for again.
DROP TABLE password_resets;
