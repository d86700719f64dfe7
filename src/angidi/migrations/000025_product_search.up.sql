-- The search data of products, in a table of its own: changes of price, stock or category touch neither it nor its
-- indexes. Triggers write a row when a product is created or its name, description or SKU changes. Version 26 adds the
-- rows of existing products.
--
-- document serves `search`, a text inside name or description. The two are in lower case, without the characters that
-- `search` ignores; U+FEFF, one of those, separates them, so that no term matches across both.
--
-- words serves `q`, words in any order: the words of name and description, those of the name again after “=”, and the SKU
-- after “#”. So one index distinguishes hits in the name and finds prefixes of SKUs. Without positions, which would
-- double its size.
--
-- The function bodies are parsed at creation, so that names resolve in a restore, which has no search_path. unaccent() is
-- STABLE, and so are its callers; only folded() is used in an index.

CREATE TABLE product_search (
    product_id uuid NOT NULL,
    document   text NOT NULL,
    words      tsvector NOT NULL,
    CONSTRAINT product_search_pkey PRIMARY KEY (product_id),
    CONSTRAINT product_search_product_id_fkey FOREIGN KEY (product_id)
        REFERENCES products (id) ON UPDATE CASCADE ON DELETE CASCADE
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- NFKD is stable: no release of PostgreSQL changes the decomposition of an assigned letter. An index uses this function.
CREATE OR REPLACE FUNCTION folded(body text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN octet_length(body) = length(body) THEN lower(body)
    ELSE lower(regexp_replace(normalize(body, NFKD),
                              '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'))
END;

CREATE OR REPLACE FUNCTION searchable(body text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(translate(body, U&'\00AD\200B\2060\FEFF', ''));

CREATE OR REPLACE FUNCTION search_document(name text, description text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN searchable(name) || U&'\FEFF' || searchable(coalesce(description, ''));

CREATE OR REPLACE FUNCTION search_pattern(term text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '%' || replace(replace(replace(searchable(term), '\', '\\'), '%', '\%'), '_', '\_') || '%';

-- Without accents, in lower case: “Łódź” is “lodz”, “Größe” is “grosse”. A final sigma is a sigma. unaccent() leaves marks
-- that no letter has built in, and Hebrew and Arabic vowels, which people leave out.
CREATE OR REPLACE FUNCTION unaccented(body text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN translate(
    lower(regexp_replace(
        unaccent('unaccent'::regdictionary,
                 lower(translate(normalize(body, NFKC), U&'\00AD\200B\200C\200D\2060\FEFF', ''))),
        '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670]', '', 'g')),
    'ς', 'σ');

-- Chinese, Japanese and Thai have no spaces between words.
CREATE OR REPLACE FUNCTION is_unspaced(word text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN word ~ '[\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]';

-- A run of such characters counts as its pairs of neighbours and its last character: so a word of theirs is found
-- wherever it stands in a run, and a single character as the beginning of a pair. Each run is split once, since taking the
-- character at a place takes the longer the farther it is.
CREATE OR REPLACE FUNCTION unspaced_words_in(body text) RETURNS text[]
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(array_agg(piece ORDER BY number, place), '{}')
      FROM string_to_table(
               regexp_replace(regexp_replace(body, '[^[:alnum:]\u0e00-\u0e7f ]+', ' ', 'g'),
                              '([\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)',
                              ' \1 ', 'g'), ' ') WITH ORDINALITY AS each (word, number)
     CROSS JOIN LATERAL (
         SELECT left(word, 100) AS piece, 1::bigint AS place
          WHERE NOT is_unspaced(word)
          UNION ALL
         SELECT character || coalesce(lead(character) OVER (ORDER BY place), ''), place
           FROM string_to_table(word, NULL) WITH ORDINALITY AS of_word (character, place)
          WHERE is_unspaced(word)) AS pieces
     WHERE word <> '');

-- In PL/pgSQL, which takes half the time here: each step is computed once. The first 20,000 characters count, for a
-- tsvector has room for a megabyte, and array_to_tsvector does not say when it is full.
CREATE OR REPLACE FUNCTION words_in(body text) RETURNS text[]
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
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

CREATE OR REPLACE FUNCTION product_words(name text, description text, sku text) RETURNS tsvector
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT array_to_tsvector(
               of_name
               || coalesce(words_in(description), '{}')
               || string_to_array('=' || nullif(array_to_string(of_name, ' ='), ''), ' ')
               || CASE WHEN sku IS NOT NULL THEN ARRAY['#' || searchable(btrim(sku))] END)
      FROM words_in(name) AS of_name);

-- The first 32 words of q, each after mark, the last one with ending (“:*” makes it the beginning of a word); or a SKU that
-- is q, with ending. Declared IMMUTABLE, though unaccent() is not, so that a plan computes it once and not for each row;
-- nothing that is stored rests on it.
CREATE OR REPLACE FUNCTION words_query(q text, mark text, ending text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT concat_ws(
               ' | ',
               '(' || string_agg('''' || mark || word || ''''
                                 || CASE WHEN is_unspaced(word) AND length(word) = 1 THEN ':*'
                                         WHEN place = cardinality(words) THEN ending
                                         ELSE '' END, ' & ') || ')',
               '''#' || replace(replace(nullif(searchable(btrim(q)), ''), '\', '\\'), '''', '''''') || ''''
               || ending)::tsquery
      FROM (SELECT (words_in(q))[:32] AS words OFFSET 0) AS of_query  -- OFFSET 0: computed once, not for each word
     CROSS JOIN unnest(words) WITH ORDINALITY AS each (word, place));

CREATE OR REPLACE FUNCTION add_product_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO product_search (product_id, document, words)
    SELECT id, search_document(name, description), product_words(name, description, sku)
      FROM added;
    RETURN NULL;
END
$$;

-- INSERT, since version 26 may not have come to the product yet.
CREATE OR REPLACE FUNCTION change_product_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO product_search (product_id, document, words)
    VALUES (NEW.id, search_document(NEW.name, NEW.description), product_words(NEW.name, NEW.description, NEW.sku))
    ON CONFLICT (product_id) DO UPDATE
       SET document = excluded.document, words = excluded.words;
    RETURN NULL;
END
$$;

CREATE TRIGGER products_inserted_search
    AFTER INSERT ON products
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION add_product_search();
-- By the row, and only where the WHEN finds a new text: a transition table would be filled by every sale, and cost a
-- change of price or stock a fifth of its time.
CREATE TRIGGER products_updated_search
    AFTER UPDATE ON products
    FOR EACH ROW
    WHEN ((OLD.name, OLD.description, OLD.sku) IS DISTINCT FROM (NEW.name, NEW.description, NEW.sku))
    EXECUTE FUNCTION change_product_search();

-- Only the owner of a table may analyze it, and merge the pending lists of its indexes: whoever loads products calls these
-- instead. They run with the owner's rights, so their names are qualified, and nothing that others create is found first.
DO $do$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION clean_search_pending_lists() RETURNS void
            LANGUAGE plpgsql
            SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
        AS $$
        BEGIN
            PERFORM pg_catalog.gin_clean_pending_list('%1$I.product_search_document_idx'::pg_catalog.regclass),
                    pg_catalog.gin_clean_pending_list('%1$I.product_search_words_idx'::pg_catalog.regclass);
        END
        $$
    $function$, current_schema());
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION analyze_products() RETURNS void
            LANGUAGE plpgsql
            SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
        AS $$
        BEGIN
            ANALYZE %1$I.products, %1$I.product_search;
        END
        $$
    $function$, current_schema());
END
$do$;

COMMENT ON TABLE product_search IS
    'Search data of products. Maintained by triggers; `angidi doctor` verifies and rebuilds it.';
COMMENT ON COLUMN product_search.product_id IS
    'The product.';
COMMENT ON COLUMN product_search.document IS
    'Name and description in lower case, separated by U+FEFF, for `search`.';
COMMENT ON COLUMN product_search.words IS
    'The words of name and description, those of the name again after “=”, and the SKU after “#”, for `q`.';
COMMENT ON CONSTRAINT product_search_pkey ON product_search IS
    'One row for each product.';
COMMENT ON CONSTRAINT product_search_product_id_fkey ON product_search IS
    'Removed with its product.';
COMMENT ON FUNCTION folded(text) IS
    'Sort key of names: lower case without accents, by NFKD. “Café” and “CAFE” are equal.';
COMMENT ON FUNCTION searchable(text) IS
    'The text in lower case, without U+00AD, U+200B, U+2060 and U+FEFF, which `search` ignores.';
COMMENT ON FUNCTION search_document(text, text) IS
    'The document for `search` of a name and a description.';
COMMENT ON FUNCTION search_pattern(text) IS
    'The LIKE pattern that matches documents containing the term.';
COMMENT ON FUNCTION unaccented(text) IS
    'The text as `q` compares it: NFKC, no format characters, lower case, no accents.';
COMMENT ON FUNCTION is_unspaced(text) IS
    'Whether the text has a Chinese, Japanese or Thai character.';
COMMENT ON FUNCTION unspaced_words_in(text) IS
    'The words of a text without accents that has Chinese, Japanese or Thai characters.';
COMMENT ON FUNCTION words_in(text) IS
    'The words of a text, in its order: letters and digits in a row, of each run the first 100.';
COMMENT ON FUNCTION product_words(text, text, text) IS
    'The words for `q` of a name, a description and a SKU.';
COMMENT ON FUNCTION words_query(text, text, text) IS
    'The tsquery text of `q`, each word with a prefix mark and the last one with a suffix.';
COMMENT ON FUNCTION add_product_search() IS
    'Adds the search rows of new products.';
COMMENT ON FUNCTION change_product_search() IS
    'Updates the search row of a product whose name, description or SKU changed.';
COMMENT ON FUNCTION clean_search_pending_lists() IS
    'Merges the pending lists of the search indexes after a bulk load.';
COMMENT ON FUNCTION analyze_products() IS
    'Updates the planner statistics of products and their search data after a bulk load.';
