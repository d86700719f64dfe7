-- Failed log-ins and those in progress, so that all processes count together. A log-in is counted before its password is
-- verified, in a transaction of its own: no lock is held meanwhile, and log-ins at once cannot be more than the bound.
-- The functions look into temporary schemas last, as those of version 48.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

CREATE TABLE login_attempts (
    key           bytea NOT NULL,
    times         timestamptz[] NOT NULL,
    blocks        bigint NOT NULL DEFAULT 0,
    blocked_until timestamptz,
    expires_at    timestamptz NOT NULL,
    CONSTRAINT login_attempts_pkey PRIMARY KEY (key),
    CONSTRAINT blocks_nonnegative CHECK (blocks >= 0)
);

CREATE INDEX login_attempts_expires_at_idx ON login_attempts (expires_at);

CREATE TABLE known_addresses (
    user_id       uuid NOT NULL,
    address       bytea NOT NULL,
    last_login_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT known_addresses_pkey PRIMARY KEY (user_id, address),
    CONSTRAINT known_addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX known_addresses_last_login_at_idx ON known_addresses (last_login_at);

-- Whether the last `most` of the times, which are in ascending order, are within the 15 minutes before `at`.
CREATE OR REPLACE FUNCTION is_login_bound_reached(times timestamptz[], most integer, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path FROM CURRENT
AS $$
    SELECT coalesce(times[cardinality(times) - most + 1] > at - interval '15 minutes', false)
$$;

-- Attempts on one account wait for each other here, for as long as the statements below take. What is counted may be lost
-- when the server crashes: waiting for the disk would make them wait for that, too.
CREATE OR REPLACE FUNCTION lock_login_attempts(account_key bytea) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(account_key, 'hex'), 0));
END
$$;

CREATE OR REPLACE FUNCTION begin_login_attempt(
    account_key bytea, origin_key bytea, owner_id uuid, known_keys bytea[], OUT wait integer, OUT began_at timestamptz
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    account login_attempts;
    origin login_attempts;
    next_try timestamptz;
BEGIN
    PERFORM lock_login_attempts(account_key);
    began_at := clock_timestamp();
    -- No row is kept for longer than the longest block and 15 minutes: one of later was written before the clock was set
    -- back, and would keep an owner out until the clock is there again.
    SELECT *
      INTO account
      FROM login_attempts
     WHERE key = account_key AND expires_at > began_at AND expires_at <= began_at + interval '30 minutes';
    SELECT *
      INTO origin
      FROM login_attempts
     WHERE key = origin_key AND expires_at > began_at AND expires_at <= began_at + interval '30 minutes';

    -- The first block begins with the first attempt that is refused, whenever that is.
    IF origin.blocks = 0 AND is_login_bound_reached(origin.times, 10, began_at) THEN
        origin.blocked_until := began_at + interval '30 seconds';
        UPDATE login_attempts
           SET blocks = 1, blocked_until = origin.blocked_until,
               expires_at = origin.blocked_until + interval '15 minutes'
         WHERE key = origin_key;
    END IF;
    next_try := origin.blocked_until;

    -- Under attack from many addresses an owner gets in from wherever they got in before, and from elsewhere once a
    -- minute: nobody can use up the attempts of an address that is not their own.
    IF is_login_bound_reached(account.times, 100, began_at) AND NOT EXISTS (
        SELECT FROM known_addresses
         WHERE user_id = owner_id AND address = ANY (known_keys) AND last_login_at > began_at - interval '90 days'
    ) THEN
        next_try := greatest(next_try, origin.times[cardinality(origin.times)] + interval '1 minute');
    END IF;
    wait := greatest(ceil(extract(epoch FROM next_try - began_at))::integer, 0);
    IF wait > 0 THEN
        RETURN;
    END IF;

    -- After a block one attempt is tried, and the next block, twice as long, begins with it: it counts while in progress.
    IF origin.blocks > 0 THEN
        origin.blocked_until := began_at + least(interval '30 seconds' * 2 ^ origin.blocks, interval '15 minutes');
        origin.blocks := least(origin.blocks + 1, 6);
    END IF;
    -- A few more than the bound are kept, because a successful attempt is taken out again.
    INSERT INTO login_attempts (key, times, blocks, blocked_until, expires_at)
    VALUES
        (account_key, (account.times || began_at)[coalesce(cardinality(account.times), 0) - 126:], 0, NULL,
         began_at + interval '15 minutes'),
        (origin_key, (origin.times || began_at)[coalesce(cardinality(origin.times), 0) - 14:],
         coalesce(origin.blocks, 0), origin.blocked_until,
         greatest(began_at, origin.blocked_until) + interval '15 minutes')
        ON CONFLICT (key) DO UPDATE
       SET times = EXCLUDED.times, blocks = EXCLUDED.blocks, blocked_until = EXCLUDED.blocked_until,
           expires_at = EXCLUDED.expires_at;
END
$$;

CREATE OR REPLACE FUNCTION accept_login_attempt(
    account_key bytea, origin_key bytea, began_at timestamptz, owner_id uuid
) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_login_attempts(account_key);
    UPDATE login_attempts SET times = array_remove(times, began_at) WHERE key = account_key;
    DELETE FROM login_attempts WHERE key = origin_key;
    INSERT INTO known_addresses AS known (user_id, address)
    SELECT id, origin_key
      FROM users
     WHERE id = owner_id
        ON CONFLICT (user_id, address) DO UPDATE SET last_login_at = now()
     WHERE known.last_login_at < now() - interval '1 day';
END
$$;

CREATE OR REPLACE FUNCTION release_login_attempt(account_key bytea, origin_key bytea, began_at timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_login_attempts(account_key);
    UPDATE login_attempts
       SET times = array_remove(times, began_at), blocks = greatest(blocks - 1, 0), blocked_until = NULL
     WHERE key IN (account_key, origin_key);
END
$$;

COMMENT ON TABLE login_attempts IS
    'Failed log-ins and those in progress, for each account, and for each account from each address. Accounts that do '
    'not exist have rows like any other.';
COMMENT ON COLUMN login_attempts.key IS
    'HMAC-SHA-256 of the account, or of the account and the client address.';
COMMENT ON COLUMN login_attempts.times IS
    'When the last ones began, in ascending order: at most 128 of an account, 16 from one address.';
COMMENT ON COLUMN login_attempts.blocks IS
    'How many times further attempts from the address were blocked, each time for twice as long.';
COMMENT ON COLUMN login_attempts.blocked_until IS
    'Until when further attempts from the address are refused.';
COMMENT ON COLUMN login_attempts.expires_at IS
    'When the row no longer counts; the job worker deletes it.';
COMMENT ON CONSTRAINT login_attempts_pkey ON login_attempts IS
    'One count for each key.';
COMMENT ON CONSTRAINT blocks_nonnegative ON login_attempts IS
    'Zero or more blocks.';
COMMENT ON INDEX login_attempts_expires_at_idx IS
    'What the sweep looks for.';
COMMENT ON TABLE known_addresses IS
    'Client addresses from which an account has logged in, for 90 days: an attack from elsewhere does not concern them.';
COMMENT ON COLUMN known_addresses.user_id IS
    'The account.';
COMMENT ON COLUMN known_addresses.address IS
    'HMAC-SHA-256 of account and client address: no address can be read here, nor can those of two accounts be compared.';
COMMENT ON COLUMN known_addresses.last_login_at IS
    'The last log-in from there, to a day.';
COMMENT ON CONSTRAINT known_addresses_pkey ON known_addresses IS
    'An address of an account is kept once.';
COMMENT ON CONSTRAINT known_addresses_user_id_fkey ON known_addresses IS
    'The account exists; its addresses go with it.';
COMMENT ON INDEX known_addresses_last_login_at_idx IS
    'What the sweep looks for.';
COMMENT ON FUNCTION is_login_bound_reached(timestamptz[], integer, timestamptz) IS
    'Whether as many attempts as that began in the 15 minutes before.';
COMMENT ON FUNCTION lock_login_attempts(bytea) IS
    'Makes the transaction the only one that counts attempts on the account.';
COMMENT ON FUNCTION begin_login_attempt(bytea, bytea, uuid, bytea[]) IS
    'Counts an attempt, or returns the seconds to wait: more than 0 if it is refused.';
COMMENT ON FUNCTION accept_login_attempt(bytea, bytea, timestamptz, uuid) IS
    'Ends an attempt with the right password: the address is known, and its earlier failures no longer count.';
COMMENT ON FUNCTION release_login_attempt(bytea, bytea, timestamptz) IS
    'Takes an attempt back whose password was not verified.';
