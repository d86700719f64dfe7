-- Two searches, both on core PostgreSQL alone, for neither pg_trgm nor unaccent is there everywhere.
--
-- `search`, a text inside name or description: search_text is both in lower case, and a GIN index holds every three
-- characters of it in a row. A term's own threes narrow the rows down, and search_text itself decides. Two control
-- characters end the text, so that each character begins a three and a shorter term is found as the beginning of one.
--
-- `q`, words in any order: words has the folded words of name and description, and those of the name once more with
-- “=” before them, so that an index tells a hit in the name from one in the description. No positions, which would take
-- as much room again.
--
-- The functions have bodies that are bound when they are created, so that a restore, which has no search_path, finds
-- what they name. Generated columns rewrite the table, once.
-- squawk-ignore-file adding-field-with-default, require-concurrent-index-creation

CREATE FUNCTION folded(body text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN octet_length(body) = length(body) THEN lower(body)
    ELSE lower(regexp_replace(normalize(body, NFKD),
                              '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'))
END;

CREATE FUNCTION words_in(body text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN array_remove(
    string_to_array(
        regexp_replace(regexp_replace(folded(body), '[^[:alnum:]]+', ' ', 'g'), '([^ ]{100})[^ ]+', '\1', 'g'), ' '),
    '');

-- A tsvector has room for a megabyte, and array_to_tsvector does not say when it is full.
CREATE FUNCTION product_words(name text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(
    words_in(name)
    || words_in(left(coalesce(description, ''), 20000))
    || string_to_array('=' || nullif(array_to_string(words_in(name), ' ='), ''), ' '));

-- COST: computing it for a row takes as long as 10,000 comparisons, so no plan may rest on doing that row by row.
CREATE FUNCTION threes(body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
RETURN array_to_tsvector(array_remove(
    string_to_array(regexp_replace(body || E'\x01\x01', '(...)', E'\\1\x02', 'g'), E'\x02')
    || string_to_array(regexp_replace(substr(body, 2) || E'\x01\x01', '(...)', E'\\1\x02', 'g'), E'\x02')
    || string_to_array(regexp_replace(substr(body, 3) || E'\x01\x01', '(...)', E'\\1\x02', 'g'), E'\x02'),
    ''));

-- What a term must have in threes(…) to be found: all its own threes, or the beginning of one.
CREATE FUNCTION threes_of(term text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT string_agg('''' || replace(replace(substr(term, place, 3), '\', '\\'), '''', '''''') || ''''
                      || CASE WHEN length(term) < 3 THEN ':*' ELSE '' END, ' & ')::tsquery
      FROM generate_series(1, greatest(1, length(term) - 2)) AS place);

-- The words of q, the first 32, each after mark, the last one with ending: “:*” makes it the beginning of a word.
CREATE FUNCTION words_of(q text, mark text, ending text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT string_agg('''' || mark || word || ''''
                      || CASE WHEN place = cardinality(words) THEN ending ELSE '' END, ' & ')::tsquery
      FROM (SELECT (words_in(q))[:32] AS words) AS of_query
     CROSS JOIN unnest(words) WITH ORDINALITY AS each (word, place));

ALTER TABLE products
    ADD COLUMN search_text text
        GENERATED ALWAYS AS (lower(name) || E'\x01' || lower(coalesce(description, ''))) STORED,
    ADD COLUMN words tsvector
        GENERATED ALWAYS AS (product_words(name, description)) STORED;

CREATE INDEX idx_products_threes ON products USING gin (threes(search_text));
CREATE INDEX idx_products_words ON products USING gin (words);

COMMENT ON COLUMN products.search_text IS
    'Name and description in lower case, a control character between them: what `search` looks in. Derived.';
COMMENT ON COLUMN products.words IS
    'The folded words of name and description, and those of the name again after “=”: what `q` looks in. Derived.';
COMMENT ON INDEX idx_products_threes IS
    'The products that have a text inside name or description, by every three characters in a row.';
COMMENT ON INDEX idx_products_words IS
    'The products that have words, or beginnings of words, anywhere or in the name.';
COMMENT ON FUNCTION folded(text) IS
    'The text in lower case and without marks: decomposed by NFKD, marks left out. “Café” and “CAFE” fold alike.';
COMMENT ON FUNCTION words_in(text) IS
    'The folded words of a text, in its order: letters and digits in a row, of each run the first 100.';
COMMENT ON FUNCTION product_words(text, text) IS
    'The words of a product, and those of its name again after “=”.';
COMMENT ON FUNCTION threes(text) IS
    'Every three characters of a text that stand in a row, the last ones filled up.';
COMMENT ON FUNCTION threes_of(text) IS
    'What the threes of a text must hold for a term in lower case to stand in it.';
COMMENT ON FUNCTION words_of(text, text, text) IS
    'What the words of a product must hold for a query, each with a mark before it and the last one with an ending.';
