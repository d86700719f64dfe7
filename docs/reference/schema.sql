--
-- PostgreSQL database dump
--

\restrict angidi

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

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
    carried uuid[];
BEGIN
    IF moved = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('angidi.category_tree'));
    carried := ARRAY(SELECT DISTINCT descendant_id FROM category_closure WHERE ancestor_id = ANY (moved));
    DELETE FROM category_closure
     WHERE descendant_id = ANY (carried);
    INSERT INTO category_closure (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth
      FROM ways_up(carried);
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION close_moved_categories(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.close_moved_categories() IS 'Writes the ways anew for categories that moved, and for all below them.';


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
      FROM ways_up(ARRAY(SELECT id FROM inserted));
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION close_new_categories(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.close_new_categories() IS 'Adds the ways from new categories to their roots.';


--
-- Name: count_moved_product(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_moved_product() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', category_id, sum(rows)
      FROM (VALUES (OLD.category_id, -(OLD.deleted_at IS NULL)::integer),
                   (NEW.category_id, (NEW.deleted_at IS NULL)::integer)) AS moved (category_id, rows)
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING sum(rows) <> 0;
    PERFORM fold_now_and_then('products', ARRAY[OLD.category_id, NEW.category_id]);
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
    PERFORM fold_now_and_then('users', '{}');
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
BEGIN
    INSERT INTO list_counts (list, category_id, rows)
    SELECT 'products', category_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
      FROM counted
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING count(*) > 0;
    PERFORM fold_now_and_then('products', ARRAY(SELECT DISTINCT category_id FROM counted));
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
    PERFORM fold_now_and_then('users', '{}');
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION count_users(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.count_users() IS 'Counts the users that a statement inserted or deleted.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: list_counts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.list_counts (
    id bigint NOT NULL,
    list text NOT NULL,
    category_id uuid,
    rows bigint NOT NULL,
    CONSTRAINT list_known CHECK ((list = ANY (ARRAY['products'::text, 'users'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');


--
-- Name: TABLE list_counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.list_counts IS 'How long the lists are: the sum of rows, by list and category, is the number of living rows. Kept by triggers as changes that are folded now and then; `angidi doctor` verifies and rebuilds it.';


--
-- Name: COLUMN list_counts.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.id IS 'The identity of a change or a sum.';


--
-- Name: COLUMN list_counts.list; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.list IS 'Which list is counted.';


--
-- Name: COLUMN list_counts.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.category_id IS 'Whose products are counted; NULL for the whole list.';


--
-- Name: COLUMN list_counts.rows; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.list_counts.rows IS 'How many rows came, or went where it is negative.';


--
-- Name: CONSTRAINT list_known ON list_counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT list_known ON public.list_counts IS 'The lists that are counted.';


--
-- Name: fold_list_counts(text, uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fold_list_counts(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 WITH folded AS (
          DELETE FROM public.list_counts list_counts_1
           WHERE (list_counts_1.id IN ( SELECT gathered.id
                    FROM public.list_counts gathered
                   WHERE ((gathered.list = fold_list_counts.of_list) AND ((gathered.category_id IS NULL) OR (gathered.category_id = ANY (fold_list_counts.of_categories))))
                  FOR UPDATE OF gathered SKIP LOCKED))
           RETURNING list_counts_1.category_id,
             list_counts_1.rows
         )
  INSERT INTO public.list_counts (list, category_id, rows)  SELECT fold_list_counts.of_list AS of_list,
             folded.category_id,
             sum(folded.rows) AS sum
            FROM folded
           GROUP BY folded.category_id
          HAVING (sum(folded.rows) <> (0)::numeric);
END;


--
-- Name: FUNCTION fold_list_counts(of_list text, of_categories uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fold_list_counts(of_list text, of_categories uuid[]) IS 'Replaces the changes gathered for the whole list and these categories by their sums.';


--
-- Name: fold_now_and_then(text, uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fold_now_and_then(of_list text, of_categories uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
BEGIN
    IF random() < 1 / 32.0
       AND coalesce(current_setting('angidi.has_folded', true), '') = ''
       AND current_setting('transaction_isolation') = 'read committed'
    THEN
        PERFORM set_config('angidi.has_folded', 'yes', true);
        PERFORM fold_list_counts(of_list, of_categories);
    END IF;
END
$$;


--
-- Name: FUNCTION fold_now_and_then(of_list text, of_categories uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fold_now_and_then(of_list text, of_categories uuid[]) IS 'Folds by chance, once in a transaction.';


--
-- Name: folded(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.folded(body text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (octet_length(body) = length(body)) THEN lower(body) ELSE lower(regexp_replace(NORMALIZE(body, NFKD), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]'::text, ''::text, 'g'::text)) END;


--
-- Name: FUNCTION folded(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.folded(body text) IS 'The text in lower case and without marks: decomposed by NFKD, marks left out. “Café” and “CAFE” fold alike.';


--
-- Name: forget_list_counts(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.forget_list_counts() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
BEGIN
    DELETE FROM list_counts WHERE list = TG_TABLE_NAME;
    RETURN NULL;
END
$$;


--
-- Name: FUNCTION forget_list_counts(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.forget_list_counts() IS 'A truncated table has nothing to count.';


--
-- Name: fours(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fours(body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT COST 10000 PARALLEL SAFE
    RETURN array_to_tsvector(array_remove(string_to_array((((regexp_replace((' '::text || translate(body, ''::text, ' '::text)), '([^ ][^ ][^ ][^ ])'::text, '\1 '::text, 'g'::text) || regexp_replace(regexp_replace((' '::text || translate(body, ''::text, ' '::text)), ' [^ ]'::text, ' '::text, 'g'::text), '([^ ][^ ][^ ][^ ])'::text, '\1 '::text, 'g'::text)) || regexp_replace(regexp_replace((' '::text || translate(body, ''::text, ' '::text)), ' [^ ][^ ]?'::text, ' '::text, 'g'::text), '([^ ][^ ][^ ][^ ])'::text, '\1 '::text, 'g'::text)) || regexp_replace(regexp_replace((' '::text || translate(body, ''::text, ' '::text)), ' [^ ][^ ]?[^ ]?'::text, ' '::text, 'g'::text), '([^ ][^ ][^ ][^ ])'::text, '\1 '::text, 'g'::text)), ' '::text), ''::text));


--
-- Name: FUNCTION fours(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fours(body text) IS 'Every four characters of a word that stand in a row, and its last three, two and one.';


--
-- Name: fours_of(text, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.fours_of(term text, step integer) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT (COALESCE(string_agg(DISTINCT (((''''::text || replace(replace(substr(words.word, LEAST(place.place, GREATEST(1, (length(words.word) - 3))), 4), '\'::text, '\\'::text), ''''::text, ''''''::text)) || ''''::text) || CASE WHEN (words.is_last AND (length(words.word) < 4)) THEN ':*'::text ELSE ''::text END), ' & '::text), '!'''''::text))::tsquery AS "coalesce" FROM ((SELECT each.word, (each.number = max(each.number) OVER ()) AS is_last, max(length(each.word)) OVER () AS longest FROM string_to_table(translate(fours_of.term, ''::text, ' '::text), ' '::text) WITH ORDINALITY each(word, number)) words CROSS JOIN LATERAL generate_series(1, length(words.word), fours_of.step) place(place)) WHERE (length(words.word) >= LEAST(words.longest, 3)));


--
-- Name: FUNCTION fours_of(term text, step integer); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.fours_of(term text, step integer) IS 'What the fours of a text must hold for a term in lower case to stand in it: every four that begins a step on.';


--
-- Name: next_version(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.next_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END
$$;


--
-- Name: FUNCTION next_version(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.next_version() IS 'Counts a change of the row.';


--
-- Name: words_in(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.words_in(body text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_remove(string_to_array(regexp_replace(regexp_replace(public.folded(body), '[^[:alnum:]]+'::text, ' '::text, 'g'::text), '([^ ]{100})[^ ]+'::text, '\1'::text, 'g'::text), ' '::text), ''::text);


--
-- Name: FUNCTION words_in(body text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.words_in(body text) IS 'The folded words of a text, in its order: letters and digits in a row, of each run the first 100.';


--
-- Name: product_words(text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.product_words(name text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(((public.words_in(name) || public.words_in("left"(COALESCE(description, ''::text), 20000))) || string_to_array(('='::text || NULLIF(array_to_string(public.words_in(name), ' ='::text), ''::text)), ' '::text)));


--
-- Name: FUNCTION product_words(name text, description text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.product_words(name text, description text) IS 'The words of a product, and those of its name again after “=”.';


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
    CONSTRAINT name_not_empty CHECK ((length(TRIM(BOTH FROM name)) > 0))
);


--
-- Name: TABLE categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.categories IS 'The tree of categories. parent_id is the truth; whatever else describes the tree is derived from it.';


--
-- Name: COLUMN categories.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.id IS 'Made by the application as UUID v7; five ids are known to clients and seeded.';


--
-- Name: COLUMN categories.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.name IS 'Unique among siblings, compared exactly.';


--
-- Name: COLUMN categories.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.description IS 'Text to show; NULL when there is none.';


--
-- Name: COLUMN categories.parent_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.parent_id IS 'The category above; NULL for a root.';


--
-- Name: COLUMN categories.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.created_at IS 'When the category was made.';


--
-- Name: COLUMN categories.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN categories.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.version IS 'How often the category has changed, from 1; the ETag is made of it.';


--
-- Name: CONSTRAINT category_not_own_parent ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_not_own_parent ON public.categories IS 'A category is not its own parent. Longer rings are refused where categories are moved.';


--
-- Name: CONSTRAINT name_not_empty ON categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_not_empty ON public.categories IS 'A name is more than spaces.';


--
-- Name: ways_up(uuid[]); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ways_up(categories uuid[]) RETURNS TABLE(ancestor_id uuid, descendant_id uuid, depth bigint)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 WITH RECURSIVE way AS (
          SELECT category.id AS ancestor_id,
             category.id AS descendant_id,
             (0)::bigint AS depth,
             category.parent_id
            FROM public.categories category
           WHERE (category.id = ANY (ways_up.categories))
         UNION ALL
          SELECT above.id,
             way_1.descendant_id,
             (way_1.depth + 1),
             above.parent_id
            FROM (way way_1
              JOIN public.categories above ON ((above.id = way_1.parent_id)))
         ) CYCLE ancestor_id SET is_ring USING passed
  SELECT way.ancestor_id,
     way.descendant_id,
     way.depth
    FROM way;
END;


--
-- Name: FUNCTION ways_up(categories uuid[]); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.ways_up(categories uuid[]) IS 'The closure''s rows for these categories, from parent_id.';


--
-- Name: words_of(text, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.words_of(q text, mark text, ending text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT (string_agg(((((''''::text || words_of.mark) || each.word) || ''''::text) || CASE WHEN (each.place = cardinality(of_query.words)) THEN words_of.ending ELSE ''::text END), ' & '::text))::tsquery AS string_agg FROM ((SELECT (public.words_in(words_of.q))[:32] AS words) of_query CROSS JOIN LATERAL unnest(of_query.words) WITH ORDINALITY each(word, place)));


--
-- Name: FUNCTION words_of(q text, mark text, ending text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.words_of(q text, mark text, ending text) IS 'What the words of a product must hold for a query, each with a mark before it and the last one with an ending.';


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

COMMENT ON TABLE public.category_closure IS 'Every category with each category above it and with itself. Derived from categories.parent_id by triggers; `angidi doctor` verifies and rebuilds it.';


--
-- Name: COLUMN category_closure.ancestor_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.category_closure.ancestor_id IS 'The category above, or the same.';


--
-- Name: COLUMN category_closure.descendant_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.category_closure.descendant_id IS 'The category below, or the same.';


--
-- Name: COLUMN category_closure.depth; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.category_closure.depth IS 'How many levels lie between: 0 for a category and itself.';


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

COMMENT ON TABLE public.import_progress IS 'Imports in batches that are under way or were interrupted: how far each is stored.';


--
-- Name: COLUMN import_progress.digest; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.digest IS 'The SHA-256 of the file, by which it is known again.';


--
-- Name: COLUMN import_progress.file; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.file IS 'The name of the file, for people.';


--
-- Name: COLUMN import_progress.line; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.line IS 'The line of the last row that was stored or refused; the rows behind it are still to come.';


--
-- Name: COLUMN import_progress.added; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.added IS 'Rows that made a product.';


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

COMMENT ON COLUMN public.import_progress.refused IS 'Rows that were refused, and reported by the run that read them.';


--
-- Name: COLUMN import_progress.started_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.started_at IS 'When the import was begun.';


--
-- Name: COLUMN import_progress.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.import_progress.updated_at IS 'When its last batch was stored.';


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
    search_text text GENERATED ALWAYS AS (((lower((name)::text) || ''::text) || lower(COALESCE(description, ''::text)))) STORED,
    words tsvector GENERATED ALWAYS AS (public.product_words((name)::text, description)) STORED,
    CONSTRAINT name_not_empty CHECK ((length(TRIM(BOTH FROM name)) > 0)),
    CONSTRAINT price_maximum CHECK ((price <= 99999999.99)),
    CONSTRAINT price_positive CHECK ((price >= (0)::numeric)),
    CONSTRAINT stock_non_negative CHECK ((stock >= 0))
);


--
-- Name: TABLE products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.products IS 'What is for sale. Deleted softly: deleted_at is set, and restoring clears it.';


--
-- Name: COLUMN products.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.id IS 'Made by the application as UUID v7; the default serves those who insert by SQL.';


--
-- Name: COLUMN products.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.name IS 'The name to show; searched.';


--
-- Name: COLUMN products.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.description IS 'Text to show; searched. NULL when there is none.';


--
-- Name: COLUMN products.price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.price IS 'Exact, in the shop''s one currency.';


--
-- Name: COLUMN products.stock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.stock IS 'Pieces on hand. In no index, so that selling stays a HOT update.';


--
-- Name: COLUMN products.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.category_id IS 'The category that the product stands in.';


--
-- Name: COLUMN products.image_url; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.image_url IS 'Where its picture is; NULL when there is none.';


--
-- Name: COLUMN products.sku; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.sku IS 'Stock keeping unit, the merchant''s own key: what imports match by. NULL when there is none.';


--
-- Name: COLUMN products.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.created_at IS 'When the product was made.';


--
-- Name: COLUMN products.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN products.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.deleted_at IS 'When the product was deleted; NULL while it lives.';


--
-- Name: COLUMN products.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.version IS 'How often the product has changed, from 1; the ETag is made of it.';


--
-- Name: COLUMN products.search_text; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.search_text IS 'Name and description in lower case, a control character between them: what `search` looks in. Derived.';


--
-- Name: COLUMN products.words; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.words IS 'The folded words of name and description, and those of the name again after “=”: what `q` looks in. Derived.';


--
-- Name: CONSTRAINT name_not_empty ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT name_not_empty ON public.products IS 'A name is more than spaces.';


--
-- Name: CONSTRAINT price_maximum ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT price_maximum ON public.products IS 'The most that the column can hold; what it refuses is NaN, which passes price_positive.';


--
-- Name: CONSTRAINT price_positive ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT price_positive ON public.products IS 'A price is not negative.';


--
-- Name: CONSTRAINT stock_non_negative ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT stock_non_negative ON public.products IS 'Nothing is sold that is not there.';


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
    CONSTRAINT email_format CHECK (((email)::text ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}$'::text)),
    CONSTRAINT role_valid CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'admin'::character varying, 'moderator'::character varying])::text[])))
);


--
-- Name: TABLE users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.users IS 'People who can log in. Deleted softly: deleted_at is set, and restoring clears it.';


--
-- Name: COLUMN users.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.id IS 'Made by the application as UUID v7; the default serves those who insert by SQL.';


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

COMMENT ON COLUMN public.users.name IS 'The name to show.';


--
-- Name: COLUMN users.role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.role IS 'What the account may do; read at every protected request, so that a change counts at once.';


--
-- Name: COLUMN users.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.created_at IS 'When the account was made.';


--
-- Name: COLUMN users.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.updated_at IS 'When the row was last changed.';


--
-- Name: COLUMN users.deleted_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.deleted_at IS 'When the account was deleted; NULL while it lives.';


--
-- Name: COLUMN users.version; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.users.version IS 'How often the user has changed, from 1; the ETag is made of it.';


--
-- Name: CONSTRAINT email_format ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT email_format ON public.users IS 'An address in shape; that it is reachable only a message can prove.';


--
-- Name: CONSTRAINT role_valid ON users; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT role_valid ON public.users IS 'The roles that the code knows.';


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

COMMENT ON CONSTRAINT category_closure_pkey ON public.category_closure IS 'One way between two categories; refuses rings. Serves the subtree of a category.';


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
    ADD CONSTRAINT list_counts_pkey PRIMARY KEY (id);


--
-- Name: CONSTRAINT list_counts_pkey ON list_counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT list_counts_pkey ON public.list_counts IS 'What a fold locks and deletes by.';


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

COMMENT ON INDEX public.category_closure_descendant_id_idx IS 'The way from a category up to its root, and the foreign key to the descendant.';


--
-- Name: idx_categories_name_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_categories_name_id ON public.categories USING btree (name, id);


--
-- Name: INDEX idx_categories_name_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_categories_name_id IS 'The list of all categories by name, and a category found by its name alone.';


--
-- Name: idx_products_category_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_category_id ON public.products USING btree (category_id);


--
-- Name: INDEX idx_products_category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_category_id IS 'The foreign key to the category: its delete must see the deleted products too.';


--
-- Name: idx_products_deleted_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_deleted_created_at ON public.products USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NOT NULL);


--
-- Name: INDEX idx_products_deleted_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_deleted_created_at IS 'The list of deleted products, newest first.';


--
-- Name: idx_products_fours; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_fours ON public.products USING gin (public.fours(search_text));


--
-- Name: INDEX idx_products_fours; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_fours IS 'The products that have a text inside name or description, by every four characters of a word in a row.';


--
-- Name: idx_products_living_category_id_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_category_id_created_at ON public.products USING btree (category_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_category_id_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_category_id_created_at IS 'The products of a category, newest first.';


--
-- Name: idx_products_living_category_id_price; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_category_id_price ON public.products USING btree (category_id, price, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_category_id_price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_category_id_price IS 'The products of a category by price, either way.';


--
-- Name: idx_products_living_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_created_at ON public.products USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_created_at IS 'The list of products, newest first (and oldest first, read backwards).';


--
-- Name: idx_products_living_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_name ON public.products USING btree (name, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_name IS 'The list of products by name, either way.';


--
-- Name: idx_products_living_price; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_living_price ON public.products USING btree (price, id) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_products_living_price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_living_price IS 'The list of products by price, either way, also between two prices.';


--
-- Name: idx_products_words; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_products_words ON public.products USING gin (words);


--
-- Name: INDEX idx_products_words; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_products_words IS 'The products that have words, or beginnings of words, anywhere or in the name.';


--
-- Name: idx_users_deleted_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_users_deleted_created_at ON public.users USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NOT NULL);


--
-- Name: INDEX idx_users_deleted_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_users_deleted_created_at IS 'The list of deleted users, newest first.';


--
-- Name: idx_users_fours; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_users_fours ON public.users USING gin (public.fours(((lower((email)::text) || ''::text) || lower((name)::text))));


--
-- Name: INDEX idx_users_fours; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_users_fours IS 'The users that have a text inside address or name, by every four characters of a word in a row.';


--
-- Name: idx_users_living_admins; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_users_living_admins ON public.users USING btree (id) WHERE (((role)::text = 'admin'::text) AND (deleted_at IS NULL));


--
-- Name: INDEX idx_users_living_admins; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_users_living_admins IS 'The few admins, locked in the order of their ids whenever one might be the last to go.';


--
-- Name: idx_users_living_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idx_users_living_created_at ON public.users USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);


--
-- Name: INDEX idx_users_living_created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.idx_users_living_created_at IS 'The list of users, newest first.';


--
-- Name: list_counts_list_category_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX list_counts_list_category_id_idx ON public.list_counts USING btree (list, category_id);


--
-- Name: INDEX list_counts_list_category_id_idx; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.list_counts_list_category_id_idx IS 'The total of a list, whole or by category.';


--
-- Name: products_sku_living_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX products_sku_living_key ON public.products USING btree (sku) WHERE (deleted_at IS NULL);


--
-- Name: INDEX products_sku_living_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.products_sku_living_key IS 'One living product per SKU; a deleted product''s SKU is free again, and products without one never clash. Serves the import.';


--
-- Name: users_email_living_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_email_living_key ON public.users USING btree (lower((email)::text)) WHERE (deleted_at IS NULL);


--
-- Name: INDEX users_email_living_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON INDEX public.users_email_living_key IS 'One living user per e-mail address, in any case; a deleted user''s address is free again. Serves login.';


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

CREATE TRIGGER categories_version BEFORE UPDATE ON public.categories FOR EACH ROW WHEN (((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR (old.parent_id IS DISTINCT FROM new.parent_id))) EXECUTE FUNCTION public.next_version();


--
-- Name: products products_deleted_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_deleted_count AFTER DELETE ON public.products REFERENCING OLD TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.count_products();


--
-- Name: products products_inserted_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_inserted_count AFTER INSERT ON public.products REFERENCING NEW TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.count_products();


--
-- Name: products products_moved_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_moved_count AFTER UPDATE ON public.products FOR EACH ROW WHEN (((old.category_id IS DISTINCT FROM new.category_id) OR ((old.deleted_at IS NULL) IS DISTINCT FROM (new.deleted_at IS NULL)))) EXECUTE FUNCTION public.count_moved_product();


--
-- Name: products products_truncated_count; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_truncated_count AFTER TRUNCATE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION public.forget_list_counts();


--
-- Name: products products_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER products_version BEFORE UPDATE ON public.products FOR EACH ROW WHEN ((((((((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.description IS DISTINCT FROM new.description)) OR (old.price IS DISTINCT FROM new.price)) OR (old.stock IS DISTINCT FROM new.stock)) OR (old.category_id IS DISTINCT FROM new.category_id)) OR ((old.image_url)::text IS DISTINCT FROM (new.image_url)::text)) OR ((old.sku)::text IS DISTINCT FROM (new.sku)::text)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at))) EXECUTE FUNCTION public.next_version();


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

CREATE TRIGGER users_truncated_count AFTER TRUNCATE ON public.users FOR EACH STATEMENT EXECUTE FUNCTION public.forget_list_counts();


--
-- Name: users users_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_version BEFORE UPDATE ON public.users FOR EACH ROW WHEN ((((((old.email)::text IS DISTINCT FROM (new.email)::text) OR ((old.name)::text IS DISTINCT FROM (new.name)::text)) OR ((old.role)::text IS DISTINCT FROM (new.role)::text)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at))) EXECUTE FUNCTION public.next_version();


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

COMMENT ON CONSTRAINT category_closure_ancestor_id_fkey ON public.category_closure IS 'A deleted category is above nothing.';


--
-- Name: category_closure category_closure_descendant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.category_closure
    ADD CONSTRAINT category_closure_descendant_id_fkey FOREIGN KEY (descendant_id) REFERENCES public.categories(id) ON DELETE CASCADE;


--
-- Name: CONSTRAINT category_closure_descendant_id_fkey ON category_closure; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT category_closure_descendant_id_fkey ON public.category_closure IS 'A deleted category is below nothing.';


--
-- Name: products products_category_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE RESTRICT;


--
-- Name: CONSTRAINT products_category_id_fkey ON products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON CONSTRAINT products_category_id_fkey ON public.products IS 'The category exists, and cannot be deleted while a product, living or deleted, stands in it.';


--
-- PostgreSQL database dump complete
--

\unrestrict angidi

