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
-- Name: add_product_search(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.add_product_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
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
-- Name: change_product_search(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.change_product_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
-- Name: fold_list_counts(text, uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fold_list_counts(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
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
    SET search_path TO '$user', 'public'
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
-- Name: words_query(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.words_query(q text, mark text, ending text) RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO '$user', 'public'
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

COMMENT ON COLUMN public.products.version IS 'Number of changes of the product, from 1; part of the ETag.';


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
-- Name: import_progress import_progress_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_progress
    ADD CONSTRAINT import_progress_pkey PRIMARY KEY (digest);


--
-- Name: CONSTRAINT import_progress_pkey ON import_progress; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT import_progress_pkey ON public.import_progress IS 'One import of a file at a time.';


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
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT users_pkey ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT users_pkey ON public.users IS 'The identity of a user, which access and refresh tokens carry.';


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

CREATE TRIGGER products_version BEFORE UPDATE ON public.products FOR EACH ROW WHEN (((((((((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR (old.price IS DISTINCT FROM new.price)) OR (old.stock IS DISTINCT FROM new.stock)) OR (old.category_id IS DISTINCT FROM new.category_id)) OR ((old.image_url)::text IS DISTINCT FROM (new.image_url)::text)) OR ((old.sku)::text IS DISTINCT FROM (new.sku)::text)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)) OR (old.version IS DISTINCT FROM new.version))) EXECUTE FUNCTION public.next_version();


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
-- PostgreSQL database dump complete
--

\unrestrict angidi

