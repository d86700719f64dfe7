-- The answers to requests with an Idempotency-Key, in the transaction of the change. A second request with the key waits
-- at the primary key until the first one has ended.
CREATE TABLE idempotency_keys (
    user_id    uuid NOT NULL,
    key        text NOT NULL,
    hash       bytea NOT NULL,
    document   text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT key_length CHECK (char_length(key) BETWEEN 1 AND 255)
) WITH (fillfactor = 70);

-- One that is in progress is asked for every 50 ms, for less than the time that a statement may take: a wait for a lock
-- would end with an error that does not tell it from other locks. One that is done breaks the primary key.
CREATE OR REPLACE FUNCTION claim_idempotency_key(owner_id uuid, new_key text, request_hash bytea) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    number bigint := hashtextextended(owner_id || new_key, 0);
BEGIN
    WHILE NOT pg_try_advisory_xact_lock(number) LOOP
        IF clock_timestamp() > statement_timestamp() + interval '4 seconds' THEN
            RAISE EXCEPTION 'a request with this key is in progress'
                USING ERRCODE = 'unique_violation', TABLE = 'idempotency_keys', CONSTRAINT = 'key_in_progress';
        END IF;
        PERFORM pg_sleep(0.05);
    END LOOP;
    INSERT INTO idempotency_keys (user_id, key, hash) VALUES (owner_id, new_key, request_hash);
END
$$;

CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

COMMENT ON TABLE idempotency_keys IS
    'Answers to repeat when a request comes again; kept for 24 hours.';
COMMENT ON COLUMN idempotency_keys.user_id IS
    'The account that the key belongs to.';
COMMENT ON COLUMN idempotency_keys.key IS
    'The header Idempotency-Key.';
COMMENT ON COLUMN idempotency_keys.hash IS
    'SHA-256 of method, path, query and body: another request under the key is refused.';
COMMENT ON COLUMN idempotency_keys.document IS
    'Data of the answer as JSON; NULL until the transaction ends.';
COMMENT ON COLUMN idempotency_keys.created_at IS
    'When the request came first.';
COMMENT ON CONSTRAINT idempotency_keys_pkey ON idempotency_keys IS
    'A key is used once.';
COMMENT ON CONSTRAINT idempotency_keys_user_id_fkey ON idempotency_keys IS
    'The account exists; its keys go with it.';
COMMENT ON CONSTRAINT key_length ON idempotency_keys IS
    'A key has 1 to 255 characters.';
COMMENT ON INDEX idempotency_keys_created_at_idx IS
    'What the sweep looks for.';
COMMENT ON FUNCTION claim_idempotency_key(uuid, text, bytea) IS
    'Makes the transaction the one that answers the requests with the key.';
