--
-- PostgreSQL database dump
--

\restrict angidi

-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;


--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';


--
-- Name: unaccent; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;


--
-- Name: EXTENSION unaccent; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION unaccent IS 'text search dictionary that removes accents';


--
-- Name: accept_login_attempt(bytea, bytea, timestamp with time zone, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.accept_login_attempt(account_key bytea, origin_key bytea, began_at timestamp with time zone, owner_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
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


--
-- Name: FUNCTION accept_login_attempt(account_key bytea, origin_key bytea, began_at timestamp with time zone, owner_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.accept_login_attempt(account_key bytea, origin_key bytea, began_at timestamp with time zone, owner_id uuid) IS 'Ends an attempt with the right password: the address is known, and its earlier failures no longer count.';


--
-- Name: add_product_search(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.add_product_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO product_search (product_id, document, words)
    SELECT id, search_document(name, description), product_words(name, description, sku)
      FROM added;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION add_product_search(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.add_product_search() IS 'Adds the search rows of new products.';


--
-- Name: analyze_products(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.analyze_products() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN
            ANALYZE public.products, public.product_search;
        END
        $$;


--
-- Name: FUNCTION analyze_products(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.analyze_products() IS 'Updates the planner statistics of products and their search data after a bulk load.';


--
-- Name: begin_login_attempt(bytea, bytea, uuid, bytea[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.begin_login_attempt(account_key bytea, origin_key bytea, owner_id uuid, known_keys bytea[], OUT wait integer, OUT began_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
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


--
-- Name: FUNCTION begin_login_attempt(account_key bytea, origin_key bytea, owner_id uuid, known_keys bytea[], OUT wait integer, OUT began_at timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.begin_login_attempt(account_key bytea, origin_key bytea, owner_id uuid, known_keys bytea[], OUT wait integer, OUT began_at timestamp with time zone) IS 'Counts an attempt, or returns the seconds to wait: more than 0 if it is refused.';


--
-- Name: cancel_pending_orders(timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.cancel_pending_orders(placed_before timestamp with time zone, most integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    stale uuid[];
    stale_id uuid;
    cancelled integer := 0;
BEGIN
    stale := ARRAY(SELECT id
                     FROM orders
                    WHERE status = 'pending' AND created_at < placed_before
                    ORDER BY created_at, id
                    LIMIT most
                      FOR NO KEY UPDATE SKIP LOCKED);
    PERFORM lock_products(ARRAY(SELECT DISTINCT product_id FROM order_items WHERE order_id = ANY (stale)));
    FOREACH stale_id IN ARRAY stale LOOP
        PERFORM set_config('angidi.cause', jsonb_build_object(
            'kind', 'cancel', 'order_id', stale_id, 'note', 'It was pending for too long.')::text, true);
        BEGIN
            UPDATE orders SET status = 'cancelled', updated_at = now() WHERE id = stale_id;
            PERFORM return_stock(array_agg(product_id), array_agg(quantity)) FROM order_items WHERE order_id = stale_id;
            cancelled := cancelled + 1;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            RAISE WARNING 'order % stays pending: a stock has no room for its pieces', stale_id;
        END;
    END LOOP;
    RETURN cancelled;
END
$$;


--
-- Name: FUNCTION cancel_pending_orders(placed_before timestamp with time zone, most integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.cancel_pending_orders(placed_before timestamp with time zone, most integer) IS 'Cancels orders that were placed before a time and are still pending; returns how many.';


--
-- Name: change_cause(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.change_cause() RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (COALESCE(NULLIF(current_setting('angidi.cause'::text, true), ''::text), '{}'::text))::jsonb;


--
-- Name: FUNCTION change_cause(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.change_cause() IS 'What the transaction says about its changes in the setting angidi.cause: a JSON object that may have kind, reason, order_id, actor_id and request_id.';


--
-- Name: change_product_search(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.change_product_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO product_search (product_id, document, words)
    VALUES (NEW.id, search_document(NEW.name, NEW.description), product_words(NEW.name, NEW.description, NEW.sku))
    ON CONFLICT (product_id) DO UPDATE
       SET document = excluded.document, words = excluded.words;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION change_product_search(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.change_product_search() IS 'Updates the search row of a product whose name, description or SKU changed.';


--
-- Name: check_email(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.check_email() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.email = OLD.email THEN
            RETURN NULL;
        END IF;
    END IF;
    IF NOT is_email(NEW.email) THEN
        RAISE check_violation
            USING MESSAGE = format('the email address of user %s violates check constraint "%s"', NEW.id, TG_NAME),
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION check_email(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.check_email() IS 'Refuses a new address that is none; what is stored already may stay.';


--
-- Name: check_order_total(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.check_order_total() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.total IS DISTINCT FROM (SELECT sum(line_total) FROM order_items WHERE order_id = NEW.id) THEN
        RAISE EXCEPTION 'the total of order % is not the sum of its items', NEW.number
            USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'total_of_items';
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION check_order_total(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.check_order_total() IS 'Refuses, at the end of the transaction, an order whose total is not the sum of its items.';


--
-- Name: claim_idempotency_key(uuid, text, bytea); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.claim_idempotency_key(owner_id uuid, new_key text, request_hash bytea) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
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


--
-- Name: FUNCTION claim_idempotency_key(owner_id uuid, new_key text, request_hash bytea); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.claim_idempotency_key(owner_id uuid, new_key text, request_hash bytea) IS 'Makes the transaction the one that answers the requests with the key.';


--
-- Name: clean_search_pending_lists(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.clean_search_pending_lists() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN
            PERFORM pg_catalog.gin_clean_pending_list('public.product_search_document_idx'::pg_catalog.regclass),
                    pg_catalog.gin_clean_pending_list('public.product_search_words_idx'::pg_catalog.regclass);
        END
        $$;


--
-- Name: FUNCTION clean_search_pending_lists(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.clean_search_pending_lists() IS 'Merges the pending lists of the search indexes after a bulk load.';


--
-- Name: clear_list_counts(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.clear_list_counts() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM list_counts WHERE list = TG_TABLE_NAME;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION clear_list_counts(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.clear_list_counts() IS 'A truncated table has nothing to count.';


--
-- Name: close_moved_categories(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.close_moved_categories() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    moved uuid[] := ARRAY(SELECT id
                            FROM before
                            JOIN after USING (id)
                           WHERE before.parent_id IS DISTINCT FROM after.parent_id);
    subtree uuid[];
BEGIN
    IF moved = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('angidi.category_tree'));
    subtree := ARRAY(SELECT DISTINCT descendant_id FROM category_closure WHERE ancestor_id = ANY (moved));
    DELETE FROM category_closure
     WHERE descendant_id = ANY (subtree);
    INSERT INTO category_closure (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth
      FROM paths_to_root(subtree);
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION close_moved_categories(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.close_moved_categories() IS 'Rewrites the paths of moved categories and their descendants.';


--
-- Name: close_new_categories(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.close_new_categories() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('angidi.category_tree'));
    INSERT INTO category_closure (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth
      FROM paths_to_root(ARRAY(SELECT id FROM inserted));
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION close_new_categories(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.close_new_categories() IS 'Adds the paths of new categories.';


--
-- Name: count_moved_product(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_moved_product() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    moved bigint;
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', category_id, sum(rows)
      FROM (VALUES (OLD.category_id, -(OLD.deleted_at IS NULL)::integer),
                   (NEW.category_id, (NEW.deleted_at IS NULL)::integer),
                   ('00000000-0000-0000-0000-000000000000',
                    (NEW.deleted_at IS NULL)::integer - (OLD.deleted_at IS NULL)::integer)) AS moved (category_id, rows)
     GROUP BY category_id
    HAVING sum(rows) <> 0;
    IF random() < 1 / 32.0 THEN
        PERFORM fold_list_counts('products', ARRAY[OLD.category_id, NEW.category_id]);
    END IF;
    moved := 1 + coalesce(nullif(current_setting('angidi.moved', true), ''), '0')::bigint;
    PERFORM set_config('angidi.moved', moved::text, true);
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION count_moved_product(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.count_moved_product() IS 'Counts a product that changed its category, was deleted softly, or restored.';


--
-- Name: count_moved_user(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_moved_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO list_counts (list, rows)
    VALUES ('users', CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END);
    IF random() < 1 / 32.0 THEN
        PERFORM fold_list_counts('users', '{}');
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION count_moved_user(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.count_moved_user() IS 'Counts a user that was deleted softly or restored.';


--
-- Name: count_products(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_products() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    appended bigint;
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', coalesce(category_id, '00000000-0000-0000-0000-000000000000'),
           CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING count(*) > 0;
    GET DIAGNOSTICS appended = ROW_COUNT;
    IF random() < appended / 64.0 THEN
        PERFORM fold_list_counts('products', ARRAY(SELECT DISTINCT category_id FROM counted));
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION count_products(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.count_products() IS 'Counts the products that a statement inserted or deleted.';


--
-- Name: count_users(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_users() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO list_counts (list, rows)
    SELECT 'users', CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
    HAVING count(*) > 0;
    IF random() < 1 / 32.0 THEN
        PERFORM fold_list_counts('users', '{}');
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION count_users(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.count_users() IS 'Counts the users that a statement inserted or deleted.';


--
-- Name: expire_reservations(integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.expire_reservations(most integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    stale uuid[];
    stale_id uuid;
    expired integer := 0;
BEGIN
    stale := ARRAY(SELECT id
                     FROM reservations
                    WHERE state = 'live' AND expires_at <= now()
                    ORDER BY expires_at
                    LIMIT most
                      FOR NO KEY UPDATE SKIP LOCKED);
    PERFORM set_config('angidi.cause', '{"kind": "release"}', true);
    PERFORM lock_products(ARRAY(SELECT DISTINCT product_id FROM reservation_items WHERE reservation_id = ANY (stale)));
    FOREACH stale_id IN ARRAY stale LOOP
        BEGIN
            UPDATE reservations SET state = 'expired' WHERE id = stale_id;
            PERFORM return_stock(array_agg(product_id), array_agg(quantity))
               FROM reservation_items
              WHERE reservation_id = stale_id;
            expired := expired + 1;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            RAISE WARNING 'reservation % is kept: a stock has no room for its pieces', stale_id;
        END;
    END LOOP;
    RETURN expired;
END
$$;


--
-- Name: FUNCTION expire_reservations(most integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.expire_reservations(most integer) IS 'Gives back what expired reservations hold; returns how many.';


--
-- Name: fold_list_counts(text, uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fold_list_counts(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    IF (of_categories IS NOT NULL AND coalesce(current_setting('angidi.has_folded', true), '') <> '')
       OR current_setting('transaction_isolation') <> 'read committed'
    THEN
        RETURN;
    END IF;
    PERFORM set_config('angidi.has_folded', 'yes', true);
    WITH gathered AS MATERIALIZED (
        SELECT list_counts.list, list_counts.category_id, list_counts.id
          FROM list_counts
         WHERE list_counts.list = of_list
           AND (of_categories IS NULL
                OR list_counts.category_id = ANY (of_categories || '00000000-0000-0000-0000-000000000000'::uuid))
           FOR UPDATE SKIP LOCKED
    ), folded AS (
        DELETE FROM list_counts
         USING gathered
         WHERE list_counts.list = gathered.list
           AND list_counts.category_id = gathered.category_id
           AND list_counts.id = gathered.id
        RETURNING list_counts.category_id, list_counts.rows
    )
    INSERT INTO list_counts (list, category_id, rows)
    SELECT of_list, folded.category_id, sum(folded.rows)
      FROM folded
     GROUP BY folded.category_id
    HAVING sum(folded.rows) <> 0;
END
$$;


--
-- Name: FUNCTION fold_list_counts(of_list text, of_categories uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fold_list_counts(of_list text, of_categories uuid[]) IS 'Replaces the rows of the whole list and of these categories (NULL: of all) by their sums.';


--
-- Name: fold_moved_products(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fold_moved_products() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF coalesce(nullif(current_setting('angidi.moved', true), ''), '0')::bigint >= 64 THEN
        PERFORM set_config('angidi.moved', '', true);
        EXECUTE format('SELECT %I.fold_list_counts(''products'', NULL)', TG_TABLE_SCHEMA);
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION fold_moved_products(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fold_moved_products() IS 'Folds at the end of a statement that moved many products.';


--
-- Name: folded(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.folded(body text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (octet_length(body) = length(body)) THEN lower(body) ELSE lower(regexp_replace(NORMALIZE(body, NFKD), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]'::text, ''::text, 'g'::text)) END;


--
-- Name: FUNCTION folded(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.folded(body text) IS 'Sort key of names: lower case without accents, by NFKD. “Café” and “CAFE” are equal.';


--
-- Name: is_email(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.is_email(body text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (body ~ '^[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([A-Za-z0-9]+(-+[A-Za-z0-9]+)*\.)+([A-Za-z]{2,}|[Xx][Nn]-(-+[A-Za-z0-9]+)+)$'::text);


--
-- Name: FUNCTION is_email(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.is_email(body text) IS 'Whether the text is an address by RFC 5321, without quoted local parts and address literals.';


--
-- Name: is_login_bound_reached(timestamp with time zone[], integer, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.is_login_bound_reached(times timestamp with time zone[], most integer, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
    SELECT coalesce(times[cardinality(times) - most + 1] > at - interval '15 minutes', false)
$$;


--
-- Name: FUNCTION is_login_bound_reached(times timestamp with time zone[], most integer, at timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.is_login_bound_reached(times timestamp with time zone[], most integer, at timestamp with time zone) IS 'Whether as many attempts as that began in the 15 minutes before.';


--
-- Name: is_representable(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.is_representable(moment timestamp with time zone) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((moment >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (moment < '10000-01-01 00:00:00+00'::timestamp with time zone));


--
-- Name: FUNCTION is_representable(moment timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.is_representable(moment timestamp with time zone) IS 'Whether the time lies in the years 1 to 9999; NULL of NULL.';


--
-- Name: is_unspaced(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.is_unspaced(word text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (word ~ '[\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]'::text);


--
-- Name: FUNCTION is_unspaced(word text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.is_unspaced(word text) IS 'Whether the text has a Chinese, Japanese or Thai character.';


--
-- Name: is_visible(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.is_visible(body text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (body ~ '[^\s[:cntrl:]\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]'::text);


--
-- Name: FUNCTION is_visible(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.is_visible(body text) IS 'Whether the text has a visible character; NULL of NULL.';


--
-- Name: keep_updated_at(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.keep_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := OLD.updated_at;
    RETURN NEW;
END
$$;


--
-- Name: FUNCTION keep_updated_at(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.keep_updated_at() IS 'Leaves the time of the last change as it was.';


--
-- Name: lock_login_attempts(bytea); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.lock_login_attempts(account_key bytea) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(account_key, 'hex'), 0));
END
$$;


--
-- Name: FUNCTION lock_login_attempts(account_key bytea); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.lock_login_attempts(account_key bytea) IS 'Makes the transaction the only one that counts attempts on the account.';


--
-- Name: lock_products(uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.lock_products(product_ids uuid[]) RETURNS void
    LANGUAGE sql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
    SELECT FROM products WHERE id = ANY (product_ids) ORDER BY id FOR NO KEY UPDATE
$$;


--
-- Name: FUNCTION lock_products(product_ids uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.lock_products(product_ids uuid[]) IS 'Locks products in the order of their ids.';


--
-- Name: name_form(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.name_form(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (octet_length(body) = length(body)) THEN CASE WHEN (body ~ '[\u0009-\u000d\u001c-\u001f]|  |^ | $'::text) THEN btrim(regexp_replace(body, '[\u0009-\u000d\u001c-\u0020]+'::text, ' '::text, 'g'::text), ' '::text) ELSE body END ELSE NORMALIZE(btrim(regexp_replace(translate(body, '​⁠﻿'::text, ''::text), '[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+'::text, ' '::text, 'g'::text), ' '::text), NFC) END;


--
-- Name: FUNCTION name_form(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.name_form(body text) IS 'The form in which names are stored: NFC, trimmed, without U+200B, U+2060 and U+FEFF, one blank for each run of white space.';


--
-- Name: next_version(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.next_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.version := CASE WHEN OLD.version < 9007199254740991 THEN OLD.version + 1 ELSE 1 END;
    RETURN NEW;
END
$$;


--
-- Name: FUNCTION next_version(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.next_version() IS 'Counts a change of the row.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: categories; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.categories (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(100) NOT NULL,
    description text,
    parent_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT category_not_own_parent CHECK ((parent_id <> id)),
    CONSTRAINT name_not_empty CHECK ((length(TRIM(BOTH FROM name)) > 0)),
    CONSTRAINT name_visible CHECK (public.is_visible((name)::text)),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(updated_at))),
    CONSTRAINT version_in_range CHECK (((version >= 1) AND (version <= '9007199254740991'::bigint)))
);


--
-- Name: TABLE categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.categories IS 'The tree of categories, defined by parent_id. category_closure is derived from it.';


--
-- Name: COLUMN categories.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.id IS 'UUID v7 from the application; clients know five of them, which exist in every database.';


--
-- Name: COLUMN categories.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.name IS 'Unique among siblings, compared exactly.';


--
-- Name: COLUMN categories.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.description IS 'NULL if there is none.';


--
-- Name: COLUMN categories.parent_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.parent_id IS 'The category above; NULL for a root.';


--
-- Name: COLUMN categories.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.created_at IS 'When the category was created.';


--
-- Name: COLUMN categories.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN categories.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.version IS 'Number of changes of the category, from 1; part of the ETag.';


--
-- Name: CONSTRAINT category_not_own_parent ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_not_own_parent ON public.categories IS 'A category is not its own parent. Longer cycles are refused where categories are moved.';


--
-- Name: CONSTRAINT name_not_empty ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_not_empty ON public.categories IS 'A name has more than spaces.';


--
-- Name: CONSTRAINT name_visible ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_visible ON public.categories IS 'A name has a visible character.';


--
-- Name: CONSTRAINT times_representable ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.categories IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: CONSTRAINT version_in_range ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT version_in_range ON public.categories IS 'A version is at least 1, and at most what JavaScript reads exactly.';


--
-- Name: paths_to_root(uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.paths_to_root(categories uuid[]) RETURNS TABLE(ancestor_id uuid, descendant_id uuid, depth bigint)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 WITH RECURSIVE way AS (
          SELECT category.id AS ancestor_id,
             category.id AS descendant_id,
             (0)::bigint AS depth,
             category.parent_id
            FROM public.categories category
           WHERE (category.id = ANY (paths_to_root.categories))
         UNION ALL
          SELECT above.id,
             way_1.descendant_id,
             (way_1.depth + 1),
             above.parent_id
            FROM (way way_1
              JOIN public.categories above ON ((above.id = way_1.parent_id)))
         ) CYCLE ancestor_id SET is_cycle USING passed
  SELECT way.ancestor_id,
     way.descendant_id,
     way.depth
    FROM way;
END;


--
-- Name: FUNCTION paths_to_root(categories uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.paths_to_root(categories uuid[]) IS 'The closure''s rows for these categories, from parent_id.';


--
-- Name: place_order(uuid, text, uuid, uuid, uuid[], integer[], uuid, jsonb, text, numeric, text, jsonb, text, bytea); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.place_order(new_id uuid, new_number text, buyer_id uuid, reserved_id uuid, product_ids uuid[], quantities integer[], address_id uuid, address jsonb, new_note text, expected numeric, new_currency text, cause jsonb, new_key text, request_hash bytea) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    placed text;
    sold numeric;
BEGIN
    IF NOT EXISTS (SELECT FROM users WHERE id = buyer_id AND deleted_at IS NULL) THEN
        RAISE EXCEPTION 'the buyer is no active user'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'orders', CONSTRAINT = 'buyer_active';
    END IF;
    IF new_key IS NOT NULL THEN
        PERFORM claim_idempotency_key(buyer_id, new_key, request_hash);
    END IF;
    IF address_id IS NOT NULL THEN
        SELECT json_build_object('recipient', recipient, 'line1', line1, 'line2', line2, 'city', city, 'region', region,
                                 'postal_code', postal_code, 'country', country)
          INTO address
          FROM addresses
         WHERE id = address_id AND user_id = buyer_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no such address'
                USING ERRCODE = 'foreign_key_violation', TABLE = 'orders', CONSTRAINT = 'address_of_buyer';
        END IF;
    END IF;
    PERFORM set_config('angidi.cause', cause::text, true);
    IF reserved_id IS NOT NULL THEN
        SELECT products, pieces INTO product_ids, quantities FROM use_reservation(reserved_id, buyer_id);
    ELSE
        PERFORM take_stock(product_ids, quantities);
    END IF;
    WITH lines AS (
        SELECT line, product.id, coalesce(product.sku, '') AS sku, product.name, product.price, quantity
          FROM unnest(product_ids, quantities) WITH ORDINALITY AS wanted (product_id, quantity, line)
          JOIN products AS product ON product.id = product_id
    ), placed AS (
        INSERT INTO orders (id, number, user_id, total, currency, shipping_address, note)
        SELECT new_id, new_number, buyer_id, sum(price * quantity), new_currency, address, new_note
          FROM lines
        RETURNING total
    ), items AS (
        INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
        SELECT new_id, line, id, sku, name, price, quantity
          FROM lines
         ORDER BY line
    )
    SELECT total INTO sold FROM placed;
    IF sold <> expected THEN
        RAISE EXCEPTION 'the total is another one'
            USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'total_expected', DETAIL = sold::text;
    END IF;
    SELECT row_to_json(shown) INTO placed FROM shown_orders AS shown WHERE id = new_id;
    IF new_key IS NOT NULL THEN
        UPDATE idempotency_keys SET document = placed WHERE user_id = buyer_id AND key = new_key;
    END IF;
    RETURN placed;
END
$$;


--
-- Name: FUNCTION place_order(new_id uuid, new_number text, buyer_id uuid, reserved_id uuid, product_ids uuid[], quantities integer[], address_id uuid, address jsonb, new_note text, expected numeric, new_currency text, cause jsonb, new_key text, request_hash bytea); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.place_order(new_id uuid, new_number text, buyer_id uuid, reserved_id uuid, product_ids uuid[], quantities integer[], address_id uuid, address jsonb, new_note text, expected numeric, new_currency text, cause jsonb, new_key text, request_hash bytea) IS 'Places an order and returns it as JSON. With a key, the answer is kept for a repetition of the request.';


--
-- Name: searchable(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.searchable(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (octet_length(body) = length(body)) THEN lower(body) ELSE lower(NORMALIZE(translate(body, '­​⁠﻿'::text, ''::text), NFC)) END;


--
-- Name: FUNCTION searchable(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.searchable(body text) IS 'The text in NFC and lower case, without U+00AD, U+200B, U+2060 and U+FEFF, which `search` ignores.';


--
-- Name: text_form(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.text_form(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (octet_length(body) = length(body)) THEN btrim(body, '	

 '::text) ELSE NORMALIZE(btrim(body, '	

                  　'::text), NFC) END;


--
-- Name: FUNCTION text_form(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.text_form(body text) IS 'The form in which texts are stored: NFC, trimmed.';


--
-- Name: sku_form(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.sku_form(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (octet_length(body) = length(body)) THEN public.text_form(body) ELSE public.text_form(translate(body, '­​‌‍‎‏⁠﻿'::text, ''::text)) END;


--
-- Name: FUNCTION sku_form(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.sku_form(body text) IS 'The form in which SKUs are stored: NFC, trimmed, without U+00AD, U+200B to U+200F, U+2060 and U+FEFF.';


--
-- Name: words_in(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.words_in(body text) RETURNS text[]
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    IF octet_length(body) = length(body) THEN
        body := lower(left(body, 20000));
    ELSE
        body := left(unaccented(body), 20000);  -- some characters become 18
        IF is_unspaced(body) THEN
            RETURN unspaced_words_in(body);
        END IF;
    END IF;
    body := regexp_replace(body, '[^[:alnum:] ]+', ' ', 'g');
    IF body ~ '[^ ]{101}' THEN
        body := regexp_replace(body, '([^ ]{100})[^ ]+', '\1', 'g');
    END IF;
    RETURN array_remove(string_to_array(body, ' '), '');
END
$$;


--
-- Name: FUNCTION words_in(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.words_in(body text) IS 'The words of a text, in its order: letters and digits in a row, of each run the first 100.';


--
-- Name: product_words(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.product_words(name text, description text, sku text) RETURNS tsvector
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT array_to_tsvector((((of_name.of_name || COALESCE(public.words_in(product_words.description), '{}'::text[])) || string_to_array(('='::text || NULLIF(array_to_string(of_name.of_name, ' ='::text), ''::text)), ' '::text)) || CASE WHEN (product_words.sku IS NOT NULL) THEN ARRAY[('#'::text || public.searchable(public.sku_form(product_words.sku)))] ELSE NULL::text[] END)) AS array_to_tsvector FROM public.words_in(product_words.name) of_name(of_name));


--
-- Name: FUNCTION product_words(name text, description text, sku text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.product_words(name text, description text, sku text) IS 'The words for `q` of a name, a description and a SKU.';


--
-- Name: record_changed_stock(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_changed_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO stock_ledger (product_id, delta, kind, reason, order_id, actor_id, request_id)
    VALUES (NEW.id, NEW.stock - OLD.stock, coalesce(cause ->> 'kind', 'set'), coalesce(cause ->> 'reason', ''),
            (cause ->> 'order_id')::uuid, (cause ->> 'actor_id')::uuid, cause ->> 'request_id');
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION record_changed_stock(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_changed_stock() IS 'Appends a changed stock to the ledger.';


--
-- Name: record_new_stock(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_new_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO stock_ledger (product_id, delta, kind, reason, actor_id, request_id)
    SELECT id, stock, 'initial', coalesce(cause ->> 'reason', ''), (cause ->> 'actor_id')::uuid, cause ->> 'request_id'
      FROM inserted
     WHERE stock > 0;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION record_new_stock(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_new_stock() IS 'Appends the stock of new products to the ledger.';


--
-- Name: record_order_status(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_order_status() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO order_history (order_id, version, old, status, at, actor_id, note)
    VALUES (NEW.id, NEW.version, CASE TG_OP WHEN 'UPDATE' THEN OLD.status END, NEW.status,
            CASE WHEN TG_OP = 'UPDATE' AND OLD.updated_at = NEW.updated_at THEN now() ELSE NEW.updated_at END,
            (cause ->> 'actor_id')::uuid, coalesce(cause ->> 'note', ''));
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION record_order_status(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_order_status() IS 'Appends a state to the history of an order.';


--
-- Name: record_purged_stock(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.record_purged_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO stock_ledger (product_id, delta, kind, reason, actor_id, request_id)
    SELECT id, -stock, 'purge', coalesce(cause ->> 'reason', ''), (cause ->> 'actor_id')::uuid, cause ->> 'request_id'
      FROM deleted
     WHERE stock > 0;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION record_purged_stock(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.record_purged_stock() IS 'Takes the stock of purged products out of the ledger.';


--
-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;


--
-- Name: FUNCTION refuse_change(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.refuse_change() IS 'Refuses the statement, for the reason given.';


--
-- Name: refuse_late_items(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_late_items() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM inserted JOIN orders ON orders.id = inserted.order_id
                WHERE orders.made_in <> pg_current_xact_id())
    THEN
        RAISE EXCEPTION 'items are written with their order, never later'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION refuse_late_items(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.refuse_late_items() IS 'Refuses items of an order that another transaction has placed.';


--
-- Name: refuse_lines(uuid[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_lines(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    missing text;
    short text;
BEGIN
    SELECT json_object_agg(line, NULL) FILTER (WHERE product.id IS NULL),
           json_object_agg(line, product.stock) FILTER (WHERE product.stock < quantity)
      INTO missing, short
      FROM unnest(product_ids, quantities) WITH ORDINALITY AS wanted (product_id, quantity, line)
      LEFT JOIN products AS product ON product.id = product_id AND product.deleted_at IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'some products are not there'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'order_items', CONSTRAINT = 'product_active', DETAIL = missing;
    END IF;
    IF short IS NOT NULL THEN
        RAISE EXCEPTION 'some products have too little stock'
            USING ERRCODE = 'check_violation', TABLE = 'products', CONSTRAINT = 'stock_sufficient', DETAIL = short;
    END IF;
END
$$;


--
-- Name: FUNCTION refuse_lines(product_ids uuid[], quantities integer[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.refuse_lines(product_ids uuid[], quantities integer[]) IS 'Raises if a product is not there or has too little stock, with the lines in DETAIL.';


--
-- Name: release_login_attempt(bytea, bytea, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.release_login_attempt(account_key bytea, origin_key bytea, began_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM lock_login_attempts(account_key);
    UPDATE login_attempts
       SET times = array_remove(times, began_at), blocks = greatest(blocks - 1, 0), blocked_until = NULL
     WHERE key IN (account_key, origin_key);
END
$$;


--
-- Name: FUNCTION release_login_attempt(account_key bytea, origin_key bytea, began_at timestamp with time zone); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.release_login_attempt(account_key bytea, origin_key bytea, began_at timestamp with time zone) IS 'Takes an attempt back whose password was not verified.';


--
-- Name: return_stock(uuid[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.return_stock(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM lock_products(product_ids);
    UPDATE products
       SET stock = stock + given.quantity
      FROM (SELECT product_id, sum(quantity)::integer AS quantity
              FROM unnest(product_ids, quantities) AS each_one (product_id, quantity)
             GROUP BY product_id) AS given
     WHERE id = given.product_id;
END
$$;


--
-- Name: FUNCTION return_stock(product_ids uuid[], quantities integer[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.return_stock(product_ids uuid[], quantities integer[]) IS 'Gives pieces back to the stock of products.';


--
-- Name: search_document(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.search_document(name text, description text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((public.searchable(name) || '﻿'::text) || public.searchable(COALESCE(description, ''::text)));


--
-- Name: FUNCTION search_document(name text, description text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.search_document(name text, description text) IS 'The document for `search` of a name and a description.';


--
-- Name: search_pattern(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.search_pattern(term text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (('%'::text || replace(replace(replace(public.searchable(term), '\'::text, '\\'::text), '%'::text, '\%'::text), '_'::text, '\_'::text)) || '%'::text);


--
-- Name: FUNCTION search_pattern(term text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.search_pattern(term text) IS 'The LIKE pattern that matches documents containing the term.';


--
-- Name: sku_query(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.sku_query(q text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (('''#'::text || replace(replace("left"(NULLIF(public.searchable(public.sku_form(q)), ''::text), 500), '\'::text, '\\'::text), ''''::text, ''''''::text)) || ''''::text);


--
-- Name: FUNCTION sku_query(q text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.sku_query(q text) IS 'A text as a SKU, for words_query(); NULL for one without a character.';


--
-- Name: take_stock(uuid[], integer[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.take_stock(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM lock_products(product_ids);
    PERFORM refuse_lines(product_ids, quantities);
    UPDATE products
       SET stock = stock - wanted.quantity
      FROM unnest(product_ids, quantities) AS wanted (product_id, quantity)
     WHERE id = wanted.product_id;
END
$$;


--
-- Name: FUNCTION take_stock(product_ids uuid[], quantities integer[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.take_stock(product_ids uuid[], quantities integer[]) IS 'Takes pieces out of the stock of products, all or none.';


--
-- Name: unaccented(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.unaccented(body text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN translate(lower(regexp_replace(public.unaccent('public.unaccent'::regdictionary, lower(NORMALIZE(translate(body, '­​‌‍⁠﻿'::text, ''::text), NFKC))), '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670]'::text, ''::text, 'g'::text)), 'ς'::text, 'σ'::text);


--
-- Name: FUNCTION unaccented(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.unaccented(body text) IS 'The text as `q` compares it: no format characters, NFKC, lower case, no accents.';


--
-- Name: unspaced_words_in(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.unspaced_words_in(body text) RETURNS text[]
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN (SELECT COALESCE(array_agg(pieces.piece ORDER BY each.number, pieces.place), '{}'::text[]) AS "coalesce" FROM (string_to_table(regexp_replace(regexp_replace(unspaced_words_in.body, '[^[:alnum:]\u0e00-\u0e7f ]+'::text, ' '::text, 'g'::text), '([\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)'::text, ' \1 '::text, 'g'::text), ' '::text) WITH ORDINALITY each(word, number) CROSS JOIN LATERAL (SELECT "left"(each.word, 100) AS piece, (1)::bigint AS place WHERE (NOT public.is_unspaced(each.word)) UNION ALL SELECT (of_word."character" || COALESCE(lead(of_word."character") OVER (ORDER BY of_word.place), ''::text)), of_word.place FROM string_to_table(each.word, NULL::text) WITH ORDINALITY of_word("character", place) WHERE public.is_unspaced(each.word)) pieces) WHERE (each.word <> ''::text));


--
-- Name: FUNCTION unspaced_words_in(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.unspaced_words_in(body text) IS 'The words of a text without accents that has Chinese, Japanese or Thai characters.';


--
-- Name: use_reservation(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.use_reservation(reserved_id uuid, holder_id uuid, OUT products uuid[], OUT pieces integer[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    is_live boolean;
BEGIN
    SELECT state = 'live' AND expires_at > clock_timestamp()
      INTO is_live
      FROM reservations
     WHERE id = reserved_id AND user_id = holder_id
       FOR NO KEY UPDATE;
    IF is_live IS NULL THEN
        RAISE EXCEPTION 'there is no such reservation'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'orders', CONSTRAINT = 'reservation_of_buyer';
    ELSIF NOT is_live THEN
        RAISE EXCEPTION 'the reservation is used or expired'
            USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'reservation_live';
    END IF;
    UPDATE reservations SET state = 'used' WHERE id = reserved_id;
    SELECT array_agg(product_id ORDER BY line), array_agg(quantity ORDER BY line)
      INTO products, pieces
      FROM reservation_items
     WHERE reservation_id = reserved_id;
END
$$;


--
-- Name: FUNCTION use_reservation(reserved_id uuid, holder_id uuid, OUT products uuid[], OUT pieces integer[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.use_reservation(reserved_id uuid, holder_id uuid, OUT products uuid[], OUT pieces integer[]) IS 'Marks a reservation as used and returns what it holds.';


--
-- Name: words_query(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.words_query(q text, mark text, ending text) RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO '$user', 'public', 'pg_temp'
    AS $$
DECLARE
    pieces text[] := regexp_split_to_array(
        text_form(q), '[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+');
    piece  text;
    word   text;
    words  text[];
    number integer := 0;
    query  text := '';
    sku    text;  -- of the piece before, or its absence as ''
    is_end boolean;  -- whether the word before is the beginning of one in any case
BEGIN
    FOREACH piece IN ARRAY pieces LOOP
        words := (words_in(piece))[:32 - number];
        CONTINUE WHEN words = '{}';
        IF number > 0 THEN
            query := query || ')' || sku || ') & ';
        END IF;
        query := query || '((';
        FOREACH word IN ARRAY words LOOP
            is_end := length(word) = 1 AND is_unspaced(word);
            query := query || CASE WHEN right(query, 1) = '(' THEN '''' ELSE ' & ''' END
                     || mark || word || CASE WHEN is_end THEN ''':*' ELSE '''' END;
        END LOOP;
        number := number + cardinality(words);
        sku := CASE WHEN cardinality(pieces) > 1 THEN coalesce(' | ' || sku_query(piece), '') ELSE '' END;
    END LOOP;
    IF number > 0 THEN
        query := query || CASE WHEN is_end THEN '' ELSE ending END || ')'
                 || CASE WHEN sku = '' THEN '' ELSE sku || ending END || ')';
    END IF;
    RETURN concat_ws(' | ', nullif(query, ''), sku_query(q) || ending)::tsquery;
END
$$;


--
-- Name: FUNCTION words_query(q text, mark text, ending text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.words_query(q text, mark text, ending text) IS 'The tsquery of `q`, each word with a prefix mark and the last one with a suffix.';


--
-- Name: addresses; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.addresses (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    recipient text NOT NULL,
    line1 text NOT NULL,
    line2 text DEFAULT ''::text NOT NULL,
    city text NOT NULL,
    region text DEFAULT ''::text NOT NULL,
    postal_code text DEFAULT ''::text NOT NULL,
    country text NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT city_visible CHECK (public.is_visible(city)),
    CONSTRAINT country_format CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT line1_visible CHECK (public.is_visible(line1)),
    CONSTRAINT recipient_visible CHECK (public.is_visible(recipient)),
    CONSTRAINT texts_length CHECK (((char_length(recipient) <= 100) AND (char_length(line1) <= 200) AND (char_length(line2) <= 200) AND (char_length(city) <= 100) AND (char_length(region) <= 100) AND (char_length(postal_code) <= 20))),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(updated_at))),
    CONSTRAINT version_in_range CHECK (((version >= 1) AND (version <= '9007199254740991'::bigint)))
);


--
-- Name: TABLE addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.addresses IS 'Addresses to ship to. A user has at most fifty, one of them the default.';


--
-- Name: COLUMN addresses.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.id IS 'UUID v7 from the application; the default is for inserts by SQL.';


--
-- Name: COLUMN addresses.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.user_id IS 'The user whose address it is.';


--
-- Name: COLUMN addresses.recipient; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.recipient IS 'The name on the parcel.';


--
-- Name: COLUMN addresses.line1; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.line1 IS 'Street and number, or what stands for them.';


--
-- Name: COLUMN addresses.line2; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.line2 IS 'A second line; empty if there is none.';


--
-- Name: COLUMN addresses.city; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.city IS 'The town.';


--
-- Name: COLUMN addresses.region; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.region IS 'State, province or county; empty if there is none.';


--
-- Name: COLUMN addresses.postal_code; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.postal_code IS 'As the country writes it; empty if there is none.';


--
-- Name: COLUMN addresses.country; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.country IS 'ISO 3166-1 alpha-2.';


--
-- Name: COLUMN addresses.is_default; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.is_default IS 'Whether this is the one that a checkout proposes.';


--
-- Name: COLUMN addresses.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.created_at IS 'When the address was created.';


--
-- Name: COLUMN addresses.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN addresses.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.addresses.version IS 'Number of changes of the address, from 1; part of the ETag.';


--
-- Name: CONSTRAINT city_visible ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT city_visible ON public.addresses IS 'A city has a visible character.';


--
-- Name: CONSTRAINT country_format ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT country_format ON public.addresses IS 'Two capital letters; which of them are countries, the application knows.';


--
-- Name: CONSTRAINT line1_visible ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT line1_visible ON public.addresses IS 'A first line has a visible character.';


--
-- Name: CONSTRAINT recipient_visible ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT recipient_visible ON public.addresses IS 'A recipient has a visible character.';


--
-- Name: CONSTRAINT texts_length ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT texts_length ON public.addresses IS 'Lines have at most 200 characters, a postal code 20, and the others 100.';


--
-- Name: CONSTRAINT times_representable ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.addresses IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: CONSTRAINT version_in_range ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT version_in_range ON public.addresses IS 'A version is at least 1, and at most what JavaScript reads exactly.';


--
-- Name: category_closure; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.category_closure (
    ancestor_id uuid NOT NULL,
    descendant_id uuid NOT NULL,
    depth bigint NOT NULL
);


--
-- Name: TABLE category_closure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.category_closure IS 'Every category with each of its ancestors and with itself. Derived from categories.parent_id by triggers; `angidi doctor` verifies and rebuilds it.';


--
-- Name: COLUMN category_closure.ancestor_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.category_closure.ancestor_id IS 'The ancestor, or the category itself.';


--
-- Name: COLUMN category_closure.descendant_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.category_closure.descendant_id IS 'The descendant, or the category itself.';


--
-- Name: COLUMN category_closure.depth; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.category_closure.depth IS 'Number of levels between them: 0 for a category and itself.';


--
-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_keys (
    user_id uuid NOT NULL,
    key text NOT NULL,
    hash bytea NOT NULL,
    document text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
)
WITH (fillfactor='70');


--
-- Name: TABLE idempotency_keys; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.idempotency_keys IS 'Answers to repeat when a request comes again; kept for 24 hours.';


--
-- Name: COLUMN idempotency_keys.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotency_keys.user_id IS 'The account that the key belongs to.';


--
-- Name: COLUMN idempotency_keys.key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotency_keys.key IS 'The header Idempotency-Key.';


--
-- Name: COLUMN idempotency_keys.hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotency_keys.hash IS 'SHA-256 of method, path, query and body: another request under the key is refused.';


--
-- Name: COLUMN idempotency_keys.document; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotency_keys.document IS 'Data of the answer as JSON; NULL until the transaction ends.';


--
-- Name: COLUMN idempotency_keys.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.idempotency_keys.created_at IS 'When the request came first.';


--
-- Name: CONSTRAINT key_length ON idempotency_keys; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT key_length ON public.idempotency_keys IS 'A key has 1 to 255 characters.';


--
-- Name: import_progress; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.import_progress (
    digest bytea NOT NULL,
    file text NOT NULL,
    line bigint NOT NULL,
    added bigint DEFAULT 0 NOT NULL,
    changed bigint DEFAULT 0 NOT NULL,
    unchanged bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE import_progress; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.import_progress IS 'Progress of running and interrupted imports in batches.';


--
-- Name: COLUMN import_progress.digest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.digest IS 'SHA-256 of the file, which identifies it.';


--
-- Name: COLUMN import_progress.file; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.file IS 'File name, for display.';


--
-- Name: COLUMN import_progress.line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.line IS 'Line of the last row that was stored or refused.';


--
-- Name: COLUMN import_progress.added; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.added IS 'Rows that created a product.';


--
-- Name: COLUMN import_progress.changed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.changed IS 'Rows that changed a product.';


--
-- Name: COLUMN import_progress.unchanged; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.unchanged IS 'Rows that changed nothing.';


--
-- Name: COLUMN import_progress.refused; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.refused IS 'Refused rows, which the run that read them reported.';


--
-- Name: COLUMN import_progress.started_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.started_at IS 'When the import started.';


--
-- Name: COLUMN import_progress.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.updated_at IS 'When its last batch was stored.';


--
-- Name: known_addresses; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.known_addresses (
    user_id uuid NOT NULL,
    address bytea NOT NULL,
    last_login_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE known_addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.known_addresses IS 'Client addresses from which an account has logged in, for 90 days: an attack from elsewhere does not concern them.';


--
-- Name: COLUMN known_addresses.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.known_addresses.user_id IS 'The account.';


--
-- Name: COLUMN known_addresses.address; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.known_addresses.address IS 'HMAC-SHA-256 of account and client address: no address can be read here, nor can those of two accounts be compared.';


--
-- Name: COLUMN known_addresses.last_login_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.known_addresses.last_login_at IS 'The last log-in from there, to a day.';


--
-- Name: list_counts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.list_counts (
    id bigint NOT NULL,
    list text NOT NULL,
    category_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    rows bigint NOT NULL,
    CONSTRAINT list_known CHECK ((list = ANY (ARRAY['products'::text, 'users'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');


--
-- Name: TABLE list_counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.list_counts IS 'Totals of lists: the sum of rows by list and category is the number of active rows. Triggers append changes and fold them now and then; `angidi doctor` verifies and rebuilds it.';


--
-- Name: COLUMN list_counts.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.id IS 'Identifies a row, for folding.';


--
-- Name: COLUMN list_counts.list; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.list IS 'The counted list.';


--
-- Name: COLUMN list_counts.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.category_id IS 'Category of the counted products; the nil UUID is the whole list.';


--
-- Name: COLUMN list_counts.rows; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.rows IS 'Number of rows added; negative if removed.';


--
-- Name: CONSTRAINT list_known ON list_counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT list_known ON public.list_counts IS 'The lists that are counted.';


--
-- Name: list_counts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.list_counts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.list_counts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: login_attempts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_attempts (
    key bytea NOT NULL,
    times timestamp with time zone[] NOT NULL,
    blocks bigint DEFAULT 0 NOT NULL,
    blocked_until timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT blocks_nonnegative CHECK ((blocks >= 0))
);


--
-- Name: TABLE login_attempts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.login_attempts IS 'Failed log-ins and those in progress, for each account, and for each account from each address. Accounts that do not exist have rows like any other.';


--
-- Name: COLUMN login_attempts.key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_attempts.key IS 'HMAC-SHA-256 of the account, or of the account and the client address.';


--
-- Name: COLUMN login_attempts.times; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_attempts.times IS 'When the last ones began, in ascending order: at most 128 of an account, 16 from one address.';


--
-- Name: COLUMN login_attempts.blocks; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_attempts.blocks IS 'How many times further attempts from the address were blocked, each time for twice as long.';


--
-- Name: COLUMN login_attempts.blocked_until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_attempts.blocked_until IS 'Until when further attempts from the address are refused.';


--
-- Name: COLUMN login_attempts.expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_attempts.expires_at IS 'When the row no longer counts; the job worker deletes it.';


--
-- Name: CONSTRAINT blocks_nonnegative ON login_attempts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT blocks_nonnegative ON public.login_attempts IS 'Zero or more blocks.';


--
-- Name: order_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_history (
    order_id uuid NOT NULL,
    version bigint NOT NULL,
    old text,
    status text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor_id uuid,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT first_is_pending CHECK (((old IS NOT NULL) OR (status = 'pending'::text))),
    CONSTRAINT note_length CHECK ((char_length(note) <= 500)),
    CONSTRAINT old_unless_first CHECK (((old IS NULL) = (version = 1)))
);


--
-- Name: TABLE order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_history IS 'The states of orders, each with its time; only ever appended to.';


--
-- Name: COLUMN order_history.order_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.order_id IS 'The order.';


--
-- Name: COLUMN order_history.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.version IS 'The version of the order since then.';


--
-- Name: COLUMN order_history.old; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.old IS 'The state before; NULL for the first.';


--
-- Name: COLUMN order_history.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.status IS 'The state since then.';


--
-- Name: COLUMN order_history.at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.at IS 'When it changed.';


--
-- Name: COLUMN order_history.actor_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.actor_id IS 'The account that changed it; NULL for SQL, commands and sweeps. A pseudonym: no foreign key.';


--
-- Name: COLUMN order_history.note; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_history.note IS 'What the actor wrote; empty if nothing.';


--
-- Name: CONSTRAINT first_is_pending ON order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT first_is_pending ON public.order_history IS 'An order begins as pending.';


--
-- Name: CONSTRAINT note_length ON order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT note_length ON public.order_history IS 'A note has at most 500 characters.';


--
-- Name: CONSTRAINT old_unless_first ON order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT old_unless_first ON public.order_history IS 'All but the first entry have a state before.';


--
-- Name: order_items; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_items (
    order_id uuid NOT NULL,
    line integer NOT NULL,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    unit_price numeric(10,2) NOT NULL,
    quantity integer NOT NULL,
    line_total numeric(14,2) GENERATED ALWAYS AS ((unit_price * (quantity)::numeric)) STORED,
    CONSTRAINT line_positive CHECK (((line >= 1) AND (line <= 100))),
    CONSTRAINT quantity_in_range CHECK (((quantity >= 1) AND (quantity <= 10000))),
    CONSTRAINT unit_price_in_range CHECK (((unit_price >= (0)::numeric) AND (unit_price <= 99999999.99)))
);


--
-- Name: TABLE order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_items IS 'The lines of orders as sold: later changes of the product do not reach them.';


--
-- Name: COLUMN order_items.order_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.order_id IS 'The order.';


--
-- Name: COLUMN order_items.line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.line IS 'Position in the order, from 1.';


--
-- Name: COLUMN order_items.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.product_id IS 'The product that was sold.';


--
-- Name: COLUMN order_items.sku; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.sku IS 'Its SKU at that time; empty if it had none.';


--
-- Name: COLUMN order_items.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.name IS 'Its name at that time.';


--
-- Name: COLUMN order_items.unit_price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.unit_price IS 'Its price at that time.';


--
-- Name: COLUMN order_items.quantity; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.quantity IS 'Pieces.';


--
-- Name: COLUMN order_items.line_total; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.line_total IS 'Price times pieces.';


--
-- Name: CONSTRAINT line_positive ON order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT line_positive ON public.order_items IS 'An order has at most a hundred lines.';


--
-- Name: CONSTRAINT quantity_in_range ON order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT quantity_in_range ON public.order_items IS 'One to ten thousand pieces.';


--
-- Name: CONSTRAINT unit_price_in_range ON order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT unit_price_in_range ON public.order_items IS 'A price as products have it.';


--
-- Name: order_transitions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_transitions (
    old text NOT NULL,
    new text NOT NULL
);


--
-- Name: TABLE order_transitions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_transitions IS 'The changes of state that there are. Cancelled and returned orders give their stock back.';


--
-- Name: COLUMN order_transitions.old; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_transitions.old IS 'The state before.';


--
-- Name: COLUMN order_transitions.new; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_transitions.new IS 'The state after.';


--
-- Name: orders; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.orders (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    number text NOT NULL,
    user_id uuid NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    total numeric(14,2) NOT NULL,
    currency text NOT NULL,
    shipping_address jsonb NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    made_in xid8 DEFAULT pg_current_xact_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT currency_format CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT note_length CHECK ((char_length(note) <= 500)),
    CONSTRAINT shipping_address_object CHECK ((jsonb_typeof(shipping_address) = 'object'::text)),
    CONSTRAINT status_known CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'shipped'::text, 'delivered'::text, 'returned'::text, 'cancelled'::text]))),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(updated_at))),
    CONSTRAINT total_not_negative CHECK (((total >= (0)::numeric) AND (total <= 999999999999.99))),
    CONSTRAINT version_in_range CHECK (((version >= 1) AND (version <= '9007199254740991'::bigint)))
)
WITH (fillfactor='90');


--
-- Name: TABLE orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.orders IS 'What was bought. Orders are never deleted.';


--
-- Name: COLUMN orders.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.id IS 'UUID v7 from the application; the default is for inserts by SQL.';


--
-- Name: COLUMN orders.number; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.number IS 'What people call the order by: the day and forty random bits, so that it tells nobody how many there are.';


--
-- Name: COLUMN orders.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.user_id IS 'The buyer.';


--
-- Name: COLUMN orders.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.status IS 'Follows order_transitions; order_history has all states.';


--
-- Name: COLUMN orders.total; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.total IS 'The sum of the items.';


--
-- Name: COLUMN orders.currency; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.currency IS 'ISO 4217.';


--
-- Name: COLUMN orders.shipping_address; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.shipping_address IS 'Where to ship to, as it was when the order was placed.';


--
-- Name: COLUMN orders.note; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.note IS 'What the buyer wrote; empty if nothing.';


--
-- Name: COLUMN orders.made_in; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.made_in IS 'The transaction that placed the order, and the only one that can add items.';


--
-- Name: COLUMN orders.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.created_at IS 'When the order was placed.';


--
-- Name: COLUMN orders.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN orders.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.version IS 'Number of changes of the order, from 1; part of the ETag.';


--
-- Name: CONSTRAINT currency_format ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT currency_format ON public.orders IS 'Three capital letters.';


--
-- Name: CONSTRAINT note_length ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT note_length ON public.orders IS 'A note has at most 500 characters.';


--
-- Name: CONSTRAINT shipping_address_object ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT shipping_address_object ON public.orders IS 'An address is a JSON object.';


--
-- Name: CONSTRAINT status_known ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT status_known ON public.orders IS 'The states of an order.';


--
-- Name: CONSTRAINT times_representable ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.orders IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: CONSTRAINT total_not_negative ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT total_not_negative ON public.orders IS 'A total is not negative, and not NaN.';


--
-- Name: CONSTRAINT version_in_range ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT version_in_range ON public.orders IS 'A version is at least 1, and at most what JavaScript reads exactly.';


--
-- Name: password_resets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.password_resets (
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE password_resets; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.password_resets IS 'The reset of a password that an admin has handed over and nobody has used yet: one of each account.';


--
-- Name: COLUMN password_resets.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.password_resets.user_id IS 'The account whose password may be replaced.';


--
-- Name: COLUMN password_resets.token_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.password_resets.token_hash IS 'SHA-256 of the token.';


--
-- Name: COLUMN password_resets.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.password_resets.created_at IS 'When the admin asked for it.';


--
-- Name: COLUMN password_resets.expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.password_resets.expires_at IS 'Until when it can be used.';


--
-- Name: product_search; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.product_search (
    product_id uuid NOT NULL,
    document text NOT NULL,
    words tsvector NOT NULL
)
WITH (autovacuum_vacuum_insert_scale_factor='0.05', autovacuum_analyze_scale_factor='0.05');


--
-- Name: TABLE product_search; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.product_search IS 'Search data of products. Maintained by triggers; `angidi doctor` verifies and rebuilds it.';


--
-- Name: COLUMN product_search.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_search.product_id IS 'The product.';


--
-- Name: COLUMN product_search.document; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_search.document IS 'Name and description in lower case, separated by U+FEFF, for `search`.';


--
-- Name: COLUMN product_search.words; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_search.words IS 'The words of name and description, those of the name again after “=”, and the SKU after “#”, for `q`.';


--
-- Name: products; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.products (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(255) NOT NULL,
    description text,
    price numeric(10,2) NOT NULL,
    stock integer DEFAULT 0 NOT NULL,
    category_id uuid NOT NULL,
    image_url character varying(500),
    sku character varying(100),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT image_url_not_script CHECK ((regexp_replace((image_url)::text, '[\s[:cntrl:]]'::text, ''::text, 'g'::text) !~* '^(javascript|vbscript|data):'::text)),
    CONSTRAINT name_not_empty CHECK ((length(TRIM(BOTH FROM name)) > 0)),
    CONSTRAINT name_visible CHECK (public.is_visible((name)::text)),
    CONSTRAINT price_maximum CHECK ((price <= 99999999.99)),
    CONSTRAINT price_positive CHECK ((price >= (0)::numeric)),
    CONSTRAINT sku_visible CHECK (public.is_visible((sku)::text)),
    CONSTRAINT stock_non_negative CHECK ((stock >= 0)),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(updated_at) AND public.is_representable(deleted_at))),
    CONSTRAINT version_in_range CHECK (((version >= 1) AND (version <= '9007199254740991'::bigint)))
)
WITH (fillfactor='90');


--
-- Name: TABLE products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.products IS 'What is for sale. Deleted softly: deleted_at is set, and restoring clears it.';


--
-- Name: COLUMN products.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.id IS 'UUID v7 from the application; the default is for inserts by SQL.';


--
-- Name: COLUMN products.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.name IS 'Display name; searched.';


--
-- Name: COLUMN products.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.description IS 'Searched. NULL if there is none.';


--
-- Name: COLUMN products.price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.price IS 'Exact, in the shop''s one currency.';


--
-- Name: COLUMN products.stock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.stock IS 'Pieces in stock. In no index, so that sales are HOT updates.';


--
-- Name: COLUMN products.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.category_id IS 'The category of the product.';


--
-- Name: COLUMN products.image_url; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.image_url IS 'URL of the image; NULL if there is none.';


--
-- Name: COLUMN products.sku; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.sku IS 'Stock keeping unit, by which imports match products. NULL if there is none.';


--
-- Name: COLUMN products.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.created_at IS 'When the product was created.';


--
-- Name: COLUMN products.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN products.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.deleted_at IS 'When the product was deleted; NULL while it is active.';


--
-- Name: COLUMN products.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.version IS 'Number of changes of the product, stock aside, from 1; part of the ETag.';


--
-- Name: CONSTRAINT image_url_not_script ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT image_url_not_script ON public.products IS 'No browser runs a script for showing a picture.';


--
-- Name: CONSTRAINT name_not_empty ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_not_empty ON public.products IS 'A name has more than spaces.';


--
-- Name: CONSTRAINT name_visible ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_visible ON public.products IS 'A name has a visible character.';


--
-- Name: CONSTRAINT price_maximum ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT price_maximum ON public.products IS 'The most that the column can hold; what it refuses is NaN, which passes price_positive.';


--
-- Name: CONSTRAINT price_positive ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT price_positive ON public.products IS 'A price is not negative.';


--
-- Name: CONSTRAINT sku_visible ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT sku_visible ON public.products IS 'A SKU has a visible character; a product without one has NULL.';


--
-- Name: CONSTRAINT stock_non_negative ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT stock_non_negative ON public.products IS 'Stock is not negative.';


--
-- Name: CONSTRAINT times_representable ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.products IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: CONSTRAINT version_in_range ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT version_in_range ON public.products IS 'A version is at least 1, and at most what JavaScript reads exactly.';


--
-- Name: refresh_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refresh_tokens (
    session_id uuid NOT NULL,
    hash bytea NOT NULL,
    rotated_at timestamp with time zone,
    successor_issued_at timestamp with time zone,
    successor_expires_at timestamp with time zone,
    CONSTRAINT hash_size CHECK ((octet_length(hash) = 32)),
    CONSTRAINT successor_dated CHECK ((num_nulls(rotated_at, successor_issued_at, successor_expires_at) = ANY (ARRAY[0, 3])))
)
WITH (fillfactor='80');


--
-- Name: TABLE refresh_tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.refresh_tokens IS 'The refresh token of a session, and those that it replaced some seconds ago.';


--
-- Name: COLUMN refresh_tokens.session_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.refresh_tokens.session_id IS 'The session.';


--
-- Name: COLUMN refresh_tokens.hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.refresh_tokens.hash IS 'SHA-256 of the token''s `jti`; of a token of the former service, of what was signed.';


--
-- Name: COLUMN refresh_tokens.rotated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.refresh_tokens.rotated_at IS 'When it was replaced; NULL: it is the latest one.';


--
-- Name: COLUMN refresh_tokens.successor_issued_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.refresh_tokens.successor_issued_at IS 'The time of issue that its successor carries.';


--
-- Name: COLUMN refresh_tokens.successor_expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.refresh_tokens.successor_expires_at IS 'The expiry that its successor carries.';


--
-- Name: CONSTRAINT hash_size ON refresh_tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT hash_size ON public.refresh_tokens IS 'The size of a SHA-256.';


--
-- Name: CONSTRAINT successor_dated ON refresh_tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT successor_dated ON public.refresh_tokens IS 'A token that was replaced says what its successor carries.';


--
-- Name: reservation_items; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reservation_items (
    reservation_id uuid NOT NULL,
    line integer NOT NULL,
    product_id uuid NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT line_positive CHECK (((line >= 1) AND (line <= 100))),
    CONSTRAINT quantity_in_range CHECK (((quantity >= 1) AND (quantity <= 10000)))
);


--
-- Name: TABLE reservation_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.reservation_items IS 'What a reservation holds.';


--
-- Name: COLUMN reservation_items.reservation_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservation_items.reservation_id IS 'The reservation.';


--
-- Name: COLUMN reservation_items.line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservation_items.line IS 'Position in the reservation, from 1.';


--
-- Name: COLUMN reservation_items.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservation_items.product_id IS 'The product.';


--
-- Name: COLUMN reservation_items.quantity; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservation_items.quantity IS 'Pieces.';


--
-- Name: CONSTRAINT line_positive ON reservation_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT line_positive ON public.reservation_items IS 'A reservation has at most a hundred lines.';


--
-- Name: CONSTRAINT quantity_in_range ON reservation_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT quantity_in_range ON public.reservation_items IS 'One to ten thousand pieces.';


--
-- Name: reservations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reservations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    state text DEFAULT 'live'::text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT state_known CHECK ((state = ANY (ARRAY['live'::text, 'used'::text, 'expired'::text]))),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(expires_at)))
);


--
-- Name: TABLE reservations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.reservations IS 'Stock that is held for a checkout until a time.';


--
-- Name: COLUMN reservations.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservations.id IS 'UUID v7 from the application; the default is for inserts by SQL.';


--
-- Name: COLUMN reservations.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservations.user_id IS 'The account that it is held for.';


--
-- Name: COLUMN reservations.state; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservations.state IS 'live: the stock is held; used: an order has taken it over; expired: it was given back.';


--
-- Name: COLUMN reservations.expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservations.expires_at IS 'From then on it cannot be used, and the next sweep gives the stock back.';


--
-- Name: COLUMN reservations.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.reservations.created_at IS 'When it was made.';


--
-- Name: CONSTRAINT state_known ON reservations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT state_known ON public.reservations IS 'The states of a reservation.';


--
-- Name: CONSTRAINT times_representable ON reservations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.reservations IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    epoch timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(expires_at)))
)
WITH (fillfactor='80');


--
-- Name: TABLE sessions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.sessions IS 'Log-ins; kept for a day or two after their tokens have expired.';


--
-- Name: COLUMN sessions.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.id IS 'UUID v7 from the application, in every token as `sid`; of a token of the former service it is made of that one.';


--
-- Name: COLUMN sessions.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.user_id IS 'The account.';


--
-- Name: COLUMN sessions.epoch; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.epoch IS 'The account''s `sessions_ended_at` at the log-in. The session has ended when that is another one.';


--
-- Name: COLUMN sessions.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.created_at IS 'When the account logged in.';


--
-- Name: COLUMN sessions.expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.expires_at IS 'When its tokens have expired; of one that was refreshed, the end of that day.';


--
-- Name: COLUMN sessions.ended_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.ended_at IS 'When it was ended by itself: by a log-out, or by a refresh token that was used again.';


--
-- Name: CONSTRAINT times_representable ON sessions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.sessions IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: shown_orders; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.shown_orders AS
 SELECT id,
    number,
    status,
    ( SELECT json_agg(json_build_object('product_id', order_items.product_id, 'sku', order_items.sku, 'name', order_items.name, 'unit_price', order_items.unit_price, 'quantity', order_items.quantity, 'line_total', order_items.line_total) ORDER BY order_items.line) AS json_agg
           FROM public.order_items
          WHERE (order_items.order_id = orders.id)) AS items,
    total,
    currency,
    shipping_address,
    note,
    ( SELECT json_agg(json_build_object('status', order_history.status, 'at', order_history.at, 'actor_id', order_history.actor_id, 'note', order_history.note) ORDER BY order_history.version) AS json_agg
           FROM public.order_history
          WHERE (order_history.order_id = orders.id)) AS history,
    user_id,
    created_at,
    updated_at,
    version
   FROM public.orders;


--
-- Name: VIEW shown_orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.shown_orders IS 'Orders as they are answered, with items and history as JSON.';


--
-- Name: stock_ledger; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.stock_ledger (
    id bigint NOT NULL,
    product_id uuid NOT NULL,
    delta integer NOT NULL,
    kind text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    order_id uuid,
    actor_id uuid,
    request_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT delta_not_zero CHECK ((delta <> 0)),
    CONSTRAINT kind_known CHECK ((kind = ANY (ARRAY['initial'::text, 'set'::text, 'adjust'::text, 'import'::text, 'order'::text, 'cancel'::text, 'return'::text, 'reserve'::text, 'release'::text, 'purge'::text])))
);


--
-- Name: TABLE stock_ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.stock_ledger IS 'Every change of every stock; only ever appended to. The sum of a product''s deltas is its stock.';


--
-- Name: COLUMN stock_ledger.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.id IS 'The order of the entries of one product.';


--
-- Name: COLUMN stock_ledger.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.product_id IS 'The product; no foreign key, because entries outlive a product that is purged.';


--
-- Name: COLUMN stock_ledger.delta; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.delta IS 'Pieces that came in, or that went out (negative).';


--
-- Name: COLUMN stock_ledger.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.kind IS 'What happened; `set` is a recount: somebody wrote an absolute number.';


--
-- Name: COLUMN stock_ledger.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.reason IS 'What a person gave as the reason.';


--
-- Name: COLUMN stock_ledger.order_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.order_id IS 'The order that took the pieces, or gave them back.';


--
-- Name: COLUMN stock_ledger.actor_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.actor_id IS 'The account that did it; NULL for SQL, commands and sweeps. A pseudonym: no foreign key.';


--
-- Name: COLUMN stock_ledger.request_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.request_id IS 'The id of the request, as in its log line.';


--
-- Name: COLUMN stock_ledger.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.stock_ledger.created_at IS 'The beginning of the transaction.';


--
-- Name: CONSTRAINT delta_not_zero ON stock_ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT delta_not_zero ON public.stock_ledger IS 'An entry is a change.';


--
-- Name: CONSTRAINT kind_known ON stock_ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT kind_known ON public.stock_ledger IS 'The kinds of changes.';


--
-- Name: stock_ledger_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.stock_ledger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stock_ledger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: user_profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_profiles (
    user_id uuid NOT NULL,
    phone text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT address_length CHECK ((char_length(address) <= 500)),
    CONSTRAINT phone_length CHECK ((char_length(phone) <= 32)),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(updated_at))),
    CONSTRAINT version_in_range CHECK (((version >= 1) AND (version <= '9007199254740991'::bigint)))
);


--
-- Name: TABLE user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.user_profiles IS 'How to reach a person. A user without a row has an empty profile.';


--
-- Name: COLUMN user_profiles.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.user_profiles.user_id IS 'The user, and the identity of the profile.';


--
-- Name: COLUMN user_profiles.phone; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.user_profiles.phone IS 'As the person wrote it; empty if there is none.';


--
-- Name: COLUMN user_profiles.address; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.user_profiles.address IS 'A postal address as one text; empty if there is none. Orders are shipped to a row of addresses.';


--
-- Name: COLUMN user_profiles.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.user_profiles.created_at IS 'When the profile was first written.';


--
-- Name: COLUMN user_profiles.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.user_profiles.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN user_profiles.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.user_profiles.version IS 'Number of changes of the profile, from 1; part of the ETag.';


--
-- Name: CONSTRAINT address_length ON user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT address_length ON public.user_profiles IS 'An address has at most 500 characters.';


--
-- Name: CONSTRAINT phone_length ON user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT phone_length ON public.user_profiles IS 'A number has at most 32 characters.';


--
-- Name: CONSTRAINT times_representable ON user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.user_profiles IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: CONSTRAINT version_in_range ON user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT version_in_range ON public.user_profiles IS 'A version is at least 1, and at most what JavaScript reads exactly.';


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email character varying(255) NOT NULL,
    password_hash character varying(255) NOT NULL,
    name character varying(100) NOT NULL,
    role character varying(50) DEFAULT 'user'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    sessions_ended_at timestamp with time zone,
    CONSTRAINT name_visible CHECK (public.is_visible((name)::text)),
    CONSTRAINT role_valid CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'admin'::character varying, 'moderator'::character varying])::text[]))),
    CONSTRAINT times_representable CHECK ((public.is_representable(created_at) AND public.is_representable(updated_at) AND public.is_representable(deleted_at))),
    CONSTRAINT version_in_range CHECK (((version >= 1) AND (version <= '9007199254740991'::bigint)))
)
WITH (fillfactor='90');


--
-- Name: TABLE users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.users IS 'People who can log in. Deleted softly: deleted_at is set, and restoring clears it.';


--
-- Name: COLUMN users.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.id IS 'UUID v7 from the application; the default is for inserts by SQL.';


--
-- Name: COLUMN users.email; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.email IS 'As the person wrote it; compared by lower(email).';


--
-- Name: COLUMN users.password_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.password_hash IS 'argon2id; a bcrypt hash of the Go service verifies too and is replaced at the next login.';


--
-- Name: COLUMN users.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.name IS 'Display name.';


--
-- Name: COLUMN users.role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.role IS 'Permissions of the account; read at every protected request, so that changes take effect at once.';


--
-- Name: COLUMN users.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.created_at IS 'When the account was created.';


--
-- Name: COLUMN users.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN users.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.deleted_at IS 'When the account was deleted; NULL while it is active.';


--
-- Name: COLUMN users.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.version IS 'Number of changes of the user, from 1; part of the ETag.';


--
-- Name: COLUMN users.sessions_ended_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.sessions_ended_at IS 'When all sessions of the account ended last; NULL: never. Tokens of the former service from before it are void.';


--
-- Name: CONSTRAINT name_visible ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_visible ON public.users IS 'A name has a visible character.';


--
-- Name: CONSTRAINT role_valid ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT role_valid ON public.users IS 'The roles of the application.';


--
-- Name: CONSTRAINT times_representable ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT times_representable ON public.users IS 'Times lie in the years 1 to 9999, so that every client can read them.';


--
-- Name: CONSTRAINT version_in_range ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT version_in_range ON public.users IS 'A version is at least 1, and at most what JavaScript reads exactly.';


--
-- Name: addresses addresses_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.addresses
    ADD CONSTRAINT addresses_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT addresses_pkey ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT addresses_pkey ON public.addresses IS 'The identity of an address.';


--
-- Name: categories categories_parent_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_parent_id_name_key UNIQUE NULLS NOT DISTINCT (parent_id, name);


--
-- Name: CONSTRAINT categories_parent_id_name_key ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT categories_parent_id_name_key ON public.categories IS 'Siblings have different names, and roots are siblings of each other.';


--
-- Name: categories categories_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT categories_pkey ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT categories_pkey ON public.categories IS 'The identity of a category.';


--
-- Name: category_closure category_closure_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.category_closure
    ADD CONSTRAINT category_closure_pkey PRIMARY KEY (ancestor_id, descendant_id);


--
-- Name: CONSTRAINT category_closure_pkey ON category_closure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_closure_pkey ON public.category_closure IS 'One path between two categories, which also refuses cycles. Serves the subtree of a category.';


--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key);


--
-- Name: CONSTRAINT idempotency_keys_pkey ON idempotency_keys; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT idempotency_keys_pkey ON public.idempotency_keys IS 'A key is used once.';


--
-- Name: import_progress import_progress_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_progress
    ADD CONSTRAINT import_progress_pkey PRIMARY KEY (digest);


--
-- Name: CONSTRAINT import_progress_pkey ON import_progress; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT import_progress_pkey ON public.import_progress IS 'One import of a file at a time.';


--
-- Name: known_addresses known_addresses_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_pkey PRIMARY KEY (user_id, address);


--
-- Name: CONSTRAINT known_addresses_pkey ON known_addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT known_addresses_pkey ON public.known_addresses IS 'An address of an account is kept once.';


--
-- Name: list_counts list_counts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.list_counts
    ADD CONSTRAINT list_counts_pkey PRIMARY KEY (list, category_id, id);


--
-- Name: CONSTRAINT list_counts_pkey ON list_counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT list_counts_pkey ON public.list_counts IS 'Serves the total of a list, whole or by category.';


--
-- Name: login_attempts login_attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_attempts
    ADD CONSTRAINT login_attempts_pkey PRIMARY KEY (key);


--
-- Name: CONSTRAINT login_attempts_pkey ON login_attempts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT login_attempts_pkey ON public.login_attempts IS 'One count for each key.';


--
-- Name: order_history order_history_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_pkey PRIMARY KEY (order_id, version);


--
-- Name: CONSTRAINT order_history_pkey ON order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_history_pkey ON public.order_history IS 'One entry a version.';


--
-- Name: order_items order_items_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_items
    ADD CONSTRAINT order_items_pkey PRIMARY KEY (order_id, line);


--
-- Name: CONSTRAINT order_items_pkey ON order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_items_pkey ON public.order_items IS 'The place of an item in its order.';


--
-- Name: order_transitions order_transitions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_transitions
    ADD CONSTRAINT order_transitions_pkey PRIMARY KEY (old, new);


--
-- Name: CONSTRAINT order_transitions_pkey ON order_transitions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_transitions_pkey ON public.order_transitions IS 'A transition is named once.';


--
-- Name: orders orders_number_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_number_key UNIQUE (number);


--
-- Name: CONSTRAINT orders_number_key ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT orders_number_key ON public.orders IS 'Two orders never share a number; another one is drawn.';


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT orders_pkey ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT orders_pkey ON public.orders IS 'The identity of an order.';


--
-- Name: password_resets password_resets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_pkey PRIMARY KEY (user_id);


--
-- Name: CONSTRAINT password_resets_pkey ON password_resets; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT password_resets_pkey ON public.password_resets IS 'A new reset voids the one before.';


--
-- Name: password_resets password_resets_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_token_hash_key UNIQUE (token_hash);


--
-- Name: CONSTRAINT password_resets_token_hash_key ON password_resets; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT password_resets_token_hash_key ON public.password_resets IS 'A token resets one password.';


--
-- Name: product_search product_search_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_search
    ADD CONSTRAINT product_search_pkey PRIMARY KEY (product_id);


--
-- Name: CONSTRAINT product_search_pkey ON product_search; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT product_search_pkey ON public.product_search IS 'One row for each product.';


--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT products_pkey ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT products_pkey ON public.products IS 'The identity of a product.';


--
-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (session_id, hash);


--
-- Name: CONSTRAINT refresh_tokens_pkey ON refresh_tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT refresh_tokens_pkey ON public.refresh_tokens IS 'A token of a session.';


--
-- Name: reservation_items reservation_items_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reservation_items
    ADD CONSTRAINT reservation_items_pkey PRIMARY KEY (reservation_id, line);


--
-- Name: CONSTRAINT reservation_items_pkey ON reservation_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT reservation_items_pkey ON public.reservation_items IS 'The place of an item in its reservation.';


--
-- Name: reservations reservations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT reservations_pkey ON reservations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT reservations_pkey ON public.reservations IS 'The identity of a reservation.';


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT sessions_pkey ON sessions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT sessions_pkey ON public.sessions IS 'The identity of a session.';


--
-- Name: stock_ledger stock_ledger_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.stock_ledger
    ADD CONSTRAINT stock_ledger_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT stock_ledger_pkey ON stock_ledger; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT stock_ledger_pkey ON public.stock_ledger IS 'The identity of an entry.';


--
-- Name: user_profiles user_profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_pkey PRIMARY KEY (user_id);


--
-- Name: CONSTRAINT user_profiles_pkey ON user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT user_profiles_pkey ON public.user_profiles IS 'A user has at most one profile.';


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT users_pkey ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT users_pkey ON public.users IS 'The identity of a user, which access and refresh tokens carry.';


--
-- Name: addresses_default_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX addresses_default_key ON public.addresses USING btree (user_id) WHERE is_default;


--
-- Name: INDEX addresses_default_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.addresses_default_key IS 'A user has at most one default address.';


--
-- Name: addresses_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX addresses_user_id_idx ON public.addresses USING btree (user_id, created_at, id);


--
-- Name: INDEX addresses_user_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.addresses_user_id_idx IS 'The addresses of a user, oldest first.';


--
-- Name: categories_name_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX categories_name_id_idx ON public.categories USING btree (name, id);


--
-- Name: INDEX categories_name_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.categories_name_id_idx IS 'The list of all categories by name, and a category found by its name alone.';


--
-- Name: INDEX categories_parent_id_name_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.categories_parent_id_name_key IS 'Serves the children of a category by name, a path of names, and the foreign key to the parent.';


--
-- Name: category_closure_descendant_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX category_closure_descendant_id_idx ON public.category_closure USING btree (descendant_id, depth) INCLUDE (ancestor_id);


--
-- Name: INDEX category_closure_descendant_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.category_closure_descendant_id_idx IS 'The path from a category to its root, and the foreign key to the descendant.';


--
-- Name: idempotency_keys_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotency_keys_created_at_idx ON public.idempotency_keys USING btree (created_at);


--
-- Name: INDEX idempotency_keys_created_at_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idempotency_keys_created_at_idx IS 'What the sweep looks for.';


--
-- Name: known_addresses_last_login_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX known_addresses_last_login_at_idx ON public.known_addresses USING btree (last_login_at);


--
-- Name: INDEX known_addresses_last_login_at_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.known_addresses_last_login_at_idx IS 'What the sweep looks for.';


--
-- Name: login_attempts_expires_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX login_attempts_expires_at_idx ON public.login_attempts USING btree (expires_at);


--
-- Name: INDEX login_attempts_expires_at_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.login_attempts_expires_at_idx IS 'What the sweep looks for.';


--
-- Name: order_items_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_items_product_id_idx ON public.order_items USING btree (product_id, order_id);


--
-- Name: INDEX order_items_product_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.order_items_product_id_idx IS 'The orders of a product.';


--
-- Name: orders_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_created_at_idx ON public.orders USING btree (created_at DESC, id DESC);


--
-- Name: INDEX orders_created_at_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.orders_created_at_idx IS 'All orders, newest first.';


--
-- Name: INDEX orders_number_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.orders_number_key IS 'The order of a number.';


--
-- Name: orders_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_status_idx ON public.orders USING btree (status, created_at DESC, id DESC);


--
-- Name: INDEX orders_status_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.orders_status_idx IS 'The orders in a state, newest first; the sweep reads the oldest pending ones.';


--
-- Name: orders_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_user_id_idx ON public.orders USING btree (user_id, created_at DESC, id DESC);


--
-- Name: INDEX orders_user_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.orders_user_id_idx IS 'The orders of a user, newest first.';


--
-- Name: orders_user_id_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_user_id_status_idx ON public.orders USING btree (user_id, status, created_at DESC, id DESC);


--
-- Name: INDEX orders_user_id_status_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.orders_user_id_status_idx IS 'The orders of a user in a state, newest first: few of the many that one buyer may have.';


--
-- Name: INDEX password_resets_token_hash_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.password_resets_token_hash_key IS 'Serves the reset: finds the account of a token.';


--
-- Name: product_search_document_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_search_document_idx ON public.product_search USING gin (document public.gin_trgm_ops);


--
-- Name: INDEX product_search_document_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.product_search_document_idx IS 'Trigrams of name and description: finds a text anywhere inside.';


--
-- Name: product_search_words_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_search_words_idx ON public.product_search USING gin (words);


--
-- Name: INDEX product_search_words_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.product_search_words_idx IS 'Words and word prefixes in the texts or in the name only, and prefixes of SKUs.';


--
-- Name: products_category_id_created_at_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_created_at_active_idx ON public.products USING btree (category_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_category_id_created_at_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_category_id_created_at_active_idx IS 'The products of a category, newest first.';


--
-- Name: products_category_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_idx ON public.products USING btree (category_id);


--
-- Name: INDEX products_category_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_category_id_idx IS 'The foreign key to the category: its delete must see the deleted products too.';


--
-- Name: products_category_id_price_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_price_active_idx ON public.products USING btree (category_id, price, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_category_id_price_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_category_id_price_active_idx IS 'The products of a category by price, either way.';


--
-- Name: products_created_at_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_created_at_active_idx ON public.products USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_created_at_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_created_at_active_idx IS 'The list of products, newest first (and oldest first, read backwards).';


--
-- Name: products_created_at_deleted_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_created_at_deleted_idx ON public.products USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NOT NULL);


--
-- Name: INDEX products_created_at_deleted_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_created_at_deleted_idx IS 'The list of deleted products, newest first.';


--
-- Name: products_name_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_name_active_idx ON public.products USING btree (public.folded((name)::text), id) INCLUDE (name) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_name_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_name_active_idx IS 'The list of products by name in both directions, ignoring case and accents.';


--
-- Name: products_price_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_price_active_idx ON public.products USING btree (price, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_price_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_price_active_idx IS 'The list of products by price, either way, also between two prices.';


--
-- Name: products_sku_active_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX products_sku_active_key ON public.products USING btree (sku) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_sku_active_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_sku_active_key IS 'One active product per SKU; a deleted product''s SKU is free again, and products without one never clash. Serves `sku=` and the import.';


--
-- Name: reservation_items_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX reservation_items_product_id_idx ON public.reservation_items USING btree (product_id);


--
-- Name: INDEX reservation_items_product_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.reservation_items_product_id_idx IS 'The reservations of a product.';


--
-- Name: reservations_expired_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX reservations_expired_idx ON public.reservations USING btree (expires_at) WHERE (state = 'expired'::text);


--
-- Name: INDEX reservations_expired_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.reservations_expired_idx IS 'What the sweep of old ones looks for.';


--
-- Name: reservations_expires_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX reservations_expires_at_idx ON public.reservations USING btree (expires_at) WHERE (state = 'live'::text);


--
-- Name: INDEX reservations_expires_at_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.reservations_expires_at_idx IS 'What the sweep looks for.';


--
-- Name: reservations_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX reservations_user_id_idx ON public.reservations USING btree (user_id);


--
-- Name: INDEX reservations_user_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.reservations_user_id_idx IS 'The reservations of a user, to be counted.';


--
-- Name: sessions_expires_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_expires_at_idx ON public.sessions USING btree (expires_at);


--
-- Name: INDEX sessions_expires_at_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.sessions_expires_at_idx IS 'What the sweep looks for.';


--
-- Name: sessions_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_user_id_idx ON public.sessions USING btree (user_id);


--
-- Name: INDEX sessions_user_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.sessions_user_id_idx IS 'The sessions of a user, which go with the user.';


--
-- Name: stock_ledger_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX stock_ledger_product_id_idx ON public.stock_ledger USING btree (product_id, id);


--
-- Name: INDEX stock_ledger_product_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.stock_ledger_product_id_idx IS 'The entries of a product, and their sum.';


--
-- Name: users_admin_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_admin_active_idx ON public.users USING btree (id) WHERE (((role)::text = 'admin'::text) AND (deleted_at IS NULL));


--
-- Name: INDEX users_admin_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_admin_active_idx IS 'The few admins, locked in the order of their ids whenever one might be the last to go.';


--
-- Name: users_created_at_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_created_at_active_idx ON public.users USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX users_created_at_active_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_created_at_active_idx IS 'The list of users, newest first.';


--
-- Name: users_created_at_deleted_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_created_at_deleted_idx ON public.users USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NOT NULL);


--
-- Name: INDEX users_created_at_deleted_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_created_at_deleted_idx IS 'The list of deleted users, newest first.';


--
-- Name: users_email_active_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_email_active_key ON public.users USING btree (lower((email)::text)) WHERE (deleted_at IS NULL);


--
-- Name: INDEX users_email_active_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_email_active_key IS 'One active user per e-mail address, in any case; a deleted user''s address is free again. Serves login.';


--
-- Name: users_search_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_search_idx ON public.users USING gin (public.searchable((((email)::text || ''::text) || (name)::text)) public.gin_trgm_ops);


--
-- Name: INDEX users_search_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_search_idx IS 'Trigrams of address and name: finds a text anywhere inside.';


--
-- Name: addresses addresses_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER addresses_version BEFORE UPDATE ON public.addresses FOR EACH ROW WHEN ((((((((((old.recipient IS DISTINCT FROM new.recipient) OR (old.line1 IS DISTINCT FROM new.line1)) OR (old.line2 IS DISTINCT FROM new.line2)) OR (old.city IS DISTINCT FROM new.city)) OR (old.region IS DISTINCT FROM new.region)) OR (old.postal_code IS DISTINCT FROM new.postal_code)) OR (old.country IS DISTINCT FROM new.country)) OR (old.is_default IS DISTINCT FROM new.is_default)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


--
-- Name: categories categories_inserted_closure; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER categories_inserted_closure AFTER INSERT ON public.categories REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.close_new_categories();


--
-- Name: categories categories_moved_closure; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER categories_moved_closure AFTER UPDATE ON public.categories REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.close_moved_categories();


--
-- Name: categories categories_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER categories_version BEFORE UPDATE ON public.categories FOR EACH ROW WHEN ((((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR (old.parent_id IS DISTINCT FROM new.parent_id)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


--
-- Name: users email_format; Type: TRIGGER; Schema: public; Owner: -
--

CREATE CONSTRAINT TRIGGER email_format AFTER INSERT OR UPDATE OF email ON public.users NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION public.check_email();


--
-- Name: order_history order_history_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER order_history_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.order_history FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('the past does not change');


--
-- Name: order_items order_items_as_sold; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER order_items_as_sold BEFORE DELETE OR UPDATE OR TRUNCATE ON public.order_items FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('items stay as sold');


--
-- Name: order_items order_items_with_order; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER order_items_with_order AFTER INSERT ON public.order_items REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_late_items();


--
-- Name: orders orders_as_placed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER orders_as_placed BEFORE UPDATE ON public.orders FOR EACH ROW WHEN ((((old.number IS DISTINCT FROM new.number) OR (old.currency IS DISTINCT FROM new.currency)) OR (old.made_in IS DISTINCT FROM new.made_in))) EXECUTE FUNCTION public.refuse_change('number, currency and made_in stay as placed');


--
-- Name: orders orders_first_status; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER orders_first_status AFTER INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.record_order_status();


--
-- Name: orders orders_status; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER orders_status AFTER UPDATE ON public.orders FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION public.record_order_status();


--
-- Name: orders orders_total; Type: TRIGGER; Schema: public; Owner: -
--

CREATE CONSTRAINT TRIGGER orders_total AFTER INSERT OR UPDATE OF total ON public.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.check_order_total();


--
-- Name: orders orders_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER orders_version BEFORE UPDATE ON public.orders FOR EACH ROW WHEN (((((((((old.number IS DISTINCT FROM new.number) OR (old.user_id IS DISTINCT FROM new.user_id)) OR (old.status IS DISTINCT FROM new.status)) OR (old.total IS DISTINCT FROM new.total)) OR (old.currency IS DISTINCT FROM new.currency)) OR (old.shipping_address IS DISTINCT FROM new.shipping_address)) OR (old.note IS DISTINCT FROM new.note)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


--
-- Name: products products_changed_stock; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_changed_stock AFTER UPDATE ON public.products FOR EACH ROW WHEN ((old.stock IS DISTINCT FROM new.stock)) EXECUTE FUNCTION public.record_changed_stock();


--
-- Name: products products_deleted_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_deleted_count AFTER DELETE ON public.products REFERENCING OLD TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.count_products();


--
-- Name: products products_inserted_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_inserted_count AFTER INSERT ON public.products REFERENCING NEW TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.count_products();


--
-- Name: products products_inserted_search; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_inserted_search AFTER INSERT ON public.products REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.add_product_search();


--
-- Name: products products_moved_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_moved_count AFTER UPDATE ON public.products FOR EACH ROW WHEN (((old.category_id IS DISTINCT FROM new.category_id) OR ((old.deleted_at IS NULL) IS DISTINCT FROM (new.deleted_at IS NULL)))) EXECUTE FUNCTION public.count_moved_product();


--
-- Name: products products_new_stock; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_new_stock AFTER INSERT ON public.products REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION public.record_new_stock();


--
-- Name: products products_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_no_truncate BEFORE TRUNCATE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('it would leave no trace in the stock ledger; use DELETE');


--
-- Name: products products_purged_stock; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_purged_stock AFTER DELETE ON public.products REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION public.record_purged_stock();


--
-- Name: products products_recounted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_recounted BEFORE UPDATE ON public.products FOR EACH ROW WHEN (((old.stock <> new.stock) AND (old.updated_at IS DISTINCT FROM new.updated_at) AND (NOT (((((((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR (old.price IS DISTINCT FROM new.price)) OR (old.category_id IS DISTINCT FROM new.category_id)) OR ((old.image_url)::text IS DISTINCT FROM (new.image_url)::text)) OR ((old.sku)::text IS DISTINCT FROM (new.sku)::text)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR (old.version IS DISTINCT FROM new.version))))) EXECUTE FUNCTION public.keep_updated_at();


--
-- Name: products products_truncated_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_truncated_count AFTER TRUNCATE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION public.clear_list_counts();


--
-- Name: products products_updated_fold; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_updated_fold AFTER UPDATE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION public.fold_moved_products();


--
-- Name: products products_updated_search; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_updated_search AFTER UPDATE ON public.products FOR EACH ROW WHEN (((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR ((old.sku)::text IS DISTINCT FROM (new.sku)::text))) EXECUTE FUNCTION public.change_product_search();


--
-- Name: products products_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_version BEFORE UPDATE ON public.products FOR EACH ROW WHEN ((((((((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR (old.price IS DISTINCT FROM new.price)) OR (old.category_id IS DISTINCT FROM new.category_id)) OR ((old.image_url)::text IS DISTINCT FROM (new.image_url)::text)) OR ((old.sku)::text IS DISTINCT FROM (new.sku)::text)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


--
-- Name: stock_ledger stock_ledger_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER stock_ledger_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.stock_ledger FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('entries are never changed; append one that corrects');


--
-- Name: user_profiles user_profiles_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER user_profiles_version BEFORE UPDATE ON public.user_profiles FOR EACH ROW WHEN ((((old.phone IS DISTINCT FROM new.phone) OR (old.address IS DISTINCT FROM new.address)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


--
-- Name: users users_deleted_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_deleted_count AFTER DELETE ON public.users REFERENCING OLD TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.count_users();


--
-- Name: users users_inserted_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_inserted_count AFTER INSERT ON public.users REFERENCING NEW TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.count_users();


--
-- Name: users users_moved_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_moved_count AFTER UPDATE ON public.users FOR EACH ROW WHEN (((old.deleted_at IS NULL) IS DISTINCT FROM (new.deleted_at IS NULL))) EXECUTE FUNCTION public.count_moved_user();


--
-- Name: users users_truncated_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_truncated_count AFTER TRUNCATE ON public.users FOR EACH STATEMENT EXECUTE FUNCTION public.clear_list_counts();


--
-- Name: users users_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_version BEFORE UPDATE ON public.users FOR EACH ROW WHEN (((((((old.email)::text IS DISTINCT FROM (new.email)::text) OR ((old.name)::text IS DISTINCT FROM (new.name)::text)) OR ((old.role)::text IS DISTINCT FROM (new.role)::text)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


--
-- Name: addresses addresses_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.addresses
    ADD CONSTRAINT addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT addresses_user_id_fkey ON addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT addresses_user_id_fkey ON public.addresses IS 'The user exists; the addresses go with it.';


--
-- Name: categories categories_parent_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.categories(id) ON DELETE SET NULL;


--
-- Name: CONSTRAINT categories_parent_id_fkey ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT categories_parent_id_fkey ON public.categories IS 'A parent exists; when it is deleted, its children become roots.';


--
-- Name: category_closure category_closure_ancestor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.category_closure
    ADD CONSTRAINT category_closure_ancestor_id_fkey FOREIGN KEY (ancestor_id) REFERENCES public.categories(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT category_closure_ancestor_id_fkey ON category_closure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_closure_ancestor_id_fkey ON public.category_closure IS 'A deleted category has no descendants.';


--
-- Name: category_closure category_closure_descendant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.category_closure
    ADD CONSTRAINT category_closure_descendant_id_fkey FOREIGN KEY (descendant_id) REFERENCES public.categories(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT category_closure_descendant_id_fkey ON category_closure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_closure_descendant_id_fkey ON public.category_closure IS 'A deleted category has no ancestors.';


--
-- Name: idempotency_keys idempotency_keys_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT idempotency_keys_user_id_fkey ON idempotency_keys; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT idempotency_keys_user_id_fkey ON public.idempotency_keys IS 'The account exists; its keys go with it.';


--
-- Name: known_addresses known_addresses_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT known_addresses_user_id_fkey ON known_addresses; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT known_addresses_user_id_fkey ON public.known_addresses IS 'The account exists; its addresses go with it.';


--
-- Name: order_history order_history_order_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id);


--
-- Name: CONSTRAINT order_history_order_id_fkey ON order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_history_order_id_fkey ON public.order_history IS 'The order exists.';


--
-- Name: order_history order_history_transition_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_history
    ADD CONSTRAINT order_history_transition_fkey FOREIGN KEY (old, status) REFERENCES public.order_transitions(old, new);


--
-- Name: CONSTRAINT order_history_transition_fkey ON order_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_history_transition_fkey ON public.order_history IS 'A state follows another one along a transition.';


--
-- Name: order_items order_items_order_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_items
    ADD CONSTRAINT order_items_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id);


--
-- Name: CONSTRAINT order_items_order_id_fkey ON order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_items_order_id_fkey ON public.order_items IS 'The order exists.';


--
-- Name: order_items order_items_product_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_items
    ADD CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE RESTRICT;


--
-- Name: CONSTRAINT order_items_product_id_fkey ON order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT order_items_product_id_fkey ON public.order_items IS 'The product exists; what was sold is never purged.';


--
-- Name: orders orders_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: CONSTRAINT orders_user_id_fkey ON orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT orders_user_id_fkey ON public.orders IS 'The buyer exists, and stays while there are orders.';


--
-- Name: password_resets password_resets_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT password_resets_user_id_fkey ON password_resets; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT password_resets_user_id_fkey ON public.password_resets IS 'The account exists; its reset goes with it.';


--
-- Name: product_search product_search_product_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_search
    ADD CONSTRAINT product_search_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: CONSTRAINT product_search_product_id_fkey ON product_search; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT product_search_product_id_fkey ON public.product_search IS 'Removed with its product.';


--
-- Name: products products_category_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE RESTRICT;


--
-- Name: CONSTRAINT products_category_id_fkey ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT products_category_id_fkey ON public.products IS 'The category exists, and cannot be deleted while it has products, active or deleted.';


--
-- Name: refresh_tokens refresh_tokens_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT refresh_tokens_session_id_fkey ON refresh_tokens; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT refresh_tokens_session_id_fkey ON public.refresh_tokens IS 'The session exists; its tokens go with it.';


--
-- Name: reservation_items reservation_items_product_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reservation_items
    ADD CONSTRAINT reservation_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE RESTRICT;


--
-- Name: CONSTRAINT reservation_items_product_id_fkey ON reservation_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT reservation_items_product_id_fkey ON public.reservation_items IS 'The product exists, and is not purged meanwhile.';


--
-- Name: reservation_items reservation_items_reservation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reservation_items
    ADD CONSTRAINT reservation_items_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES public.reservations(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT reservation_items_reservation_id_fkey ON reservation_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT reservation_items_reservation_id_fkey ON public.reservation_items IS 'The reservation exists; its items go with it.';


--
-- Name: reservations reservations_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: CONSTRAINT reservations_user_id_fkey ON reservations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT reservations_user_id_fkey ON public.reservations IS 'The account exists.';


--
-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT sessions_user_id_fkey ON sessions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT sessions_user_id_fkey ON public.sessions IS 'The account exists; its sessions go with it.';


--
-- Name: user_profiles user_profiles_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT user_profiles_user_id_fkey ON user_profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT user_profiles_user_id_fkey ON public.user_profiles IS 'The user exists; the profile goes with it.';


--
-- PostgreSQL database dump complete
--

\unrestrict angidi

