-- A log-in is a session. Its refresh token is replaced at each use, and an old one that comes again ends it. Of tokens only
-- hashes are stored: what a token says is signed again, from the times that stand beside the hash of the one before it.
-- All sessions of an account end by one new value in its row: a log-in that is in progress holds the former one.
ALTER TABLE users ADD COLUMN sessions_ended_at timestamptz;

CREATE TABLE sessions (
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL,
    epoch      timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT times_representable CHECK (is_representable(created_at) AND is_representable(expires_at))
) WITH (fillfactor = 80);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    session_id           uuid NOT NULL,
    hash                 bytea NOT NULL,
    rotated_at           timestamptz,
    successor_issued_at  timestamptz,
    successor_expires_at timestamptz,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (session_id, hash),
    CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT hash_size CHECK (octet_length(hash) = 32),
    CONSTRAINT successor_dated
        CHECK (num_nulls(rotated_at, successor_issued_at, successor_expires_at) IN (0, 3))
) WITH (fillfactor = 80);

COMMENT ON COLUMN users.sessions_ended_at IS
    'When all sessions of the account ended last; NULL: never. Tokens of the former service from before it are void.';
COMMENT ON TABLE sessions IS
    'Log-ins; kept for a day or two after their tokens have expired.';
COMMENT ON COLUMN sessions.id IS
    'UUID v7 from the application, in every token as `sid`; of a token of the former service it is made of that one.';
COMMENT ON COLUMN sessions.user_id IS
    'The account.';
COMMENT ON COLUMN sessions.epoch IS
    'The account''s `sessions_ended_at` at the log-in. The session has ended when that is another one.';
COMMENT ON COLUMN sessions.created_at IS
    'When the account logged in.';
COMMENT ON COLUMN sessions.expires_at IS
    'When its tokens have expired; of one that was refreshed, the end of that day.';
COMMENT ON COLUMN sessions.ended_at IS
    'When it was ended by itself: by a log-out, or by a refresh token that was used again.';
COMMENT ON CONSTRAINT sessions_pkey ON sessions IS
    'The identity of a session.';
COMMENT ON CONSTRAINT sessions_user_id_fkey ON sessions IS
    'The account exists; its sessions go with it.';
COMMENT ON CONSTRAINT times_representable ON sessions IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
COMMENT ON INDEX sessions_user_id_idx IS
    'The sessions of a user, which go with the user.';
COMMENT ON INDEX sessions_expires_at_idx IS
    'What the sweep looks for.';
COMMENT ON TABLE refresh_tokens IS
    'The refresh token of a session, and those that it replaced some seconds ago.';
COMMENT ON COLUMN refresh_tokens.session_id IS
    'The session.';
COMMENT ON COLUMN refresh_tokens.hash IS
    'SHA-256 of the token''s `jti`; of a token of the former service, of what was signed.';
COMMENT ON COLUMN refresh_tokens.rotated_at IS
    'When it was replaced; NULL: it is the latest one.';
COMMENT ON COLUMN refresh_tokens.successor_issued_at IS
    'The time of issue that its successor carries.';
COMMENT ON COLUMN refresh_tokens.successor_expires_at IS
    'The expiry that its successor carries.';
COMMENT ON CONSTRAINT refresh_tokens_pkey ON refresh_tokens IS
    'A token of a session.';
COMMENT ON CONSTRAINT refresh_tokens_session_id_fkey ON refresh_tokens IS
    'The session exists; its tokens go with it.';
COMMENT ON CONSTRAINT hash_size ON refresh_tokens IS
    'The size of a SHA-256.';
COMMENT ON CONSTRAINT successor_dated ON refresh_tokens IS
    'A token that was replaced says what its successor carries.';
