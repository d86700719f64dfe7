-- One reset of each account can be used, once. The token is not kept: it would be as good as a password.
CREATE TABLE password_resets (
    user_id    uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT password_resets_pkey PRIMARY KEY (user_id),
    CONSTRAINT password_resets_token_hash_key UNIQUE (token_hash),
    CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

COMMENT ON TABLE password_resets IS
    'The reset of a password that an admin has handed over and nobody has used yet: one of each account.';
COMMENT ON COLUMN password_resets.user_id IS
    'The account whose password may be replaced.';
COMMENT ON COLUMN password_resets.token_hash IS
    'SHA-256 of the token.';
COMMENT ON COLUMN password_resets.created_at IS
    'When the admin asked for it.';
COMMENT ON COLUMN password_resets.expires_at IS
    'Until when it can be used.';
COMMENT ON CONSTRAINT password_resets_pkey ON password_resets IS
    'A new reset voids the one before.';
COMMENT ON CONSTRAINT password_resets_token_hash_key ON password_resets IS
    'A token resets one password.';
COMMENT ON CONSTRAINT password_resets_user_id_fkey ON password_resets IS
    'The account exists; its reset goes with it.';
COMMENT ON INDEX password_resets_token_hash_key IS
    'Serves the reset: finds the account of a token.';
