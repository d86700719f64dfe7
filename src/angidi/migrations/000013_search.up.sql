-- Two searches, both on core PostgreSQL alone, for neither pg_trgm nor unaccent is there everywhere.
--
-- `search`, a text inside name or description: search_text is both in lower case, and a GIN index holds every four
-- characters of its words in a row, and the last three, two and one of each. A term's own fours narrow the rows down, a
-- shorter term as the beginning of one, and search_text itself decides. A word is what stands between blanks. Threes
-- would be computed in less time, but each stands in so many rows that going through them grows with the table.
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

-- The four lines begin with the first, second, third and fourth character of each word. A bracket four times takes half
-- the time of one with a count behind it.
-- COST: computing it for a row takes as long as 10,000 comparisons, so no plan may rest on doing that row by row.
CREATE FUNCTION fours(body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
RETURN array_to_tsvector(array_remove(string_to_array(
    regexp_replace(
        ' ' || translate(body, E'\x01', ' '), '([^ ][^ ][^ ][^ ])', '\1 ', 'g')
    || regexp_replace(regexp_replace(
        ' ' || translate(body, E'\x01', ' '), ' [^ ]', ' ', 'g'), '([^ ][^ ][^ ][^ ])', '\1 ', 'g')
    || regexp_replace(regexp_replace(
        ' ' || translate(body, E'\x01', ' '), ' [^ ][^ ]?', ' ', 'g'), '([^ ][^ ][^ ][^ ])', '\1 ', 'g')
    || regexp_replace(regexp_replace(
        ' ' || translate(body, E'\x01', ' '), ' [^ ][^ ]?[^ ]?', ' ', 'g'), '([^ ][^ ][^ ][^ ])', '\1 ', 'g'),
    ' '), ''));

-- What a term must have in fours(…) to be found: of each word every four that begins a step behind the one before, and
-- the last. The index looks each up for every row of the rarest: so in texts, where most fours are rare, those that do
-- not overlap are enough, and quicker. Of addresses, which share most, each is needed. A shorter word is an ending, and
-- where the term ends in it a beginning; of one or two characters it stands in so many rows that it counts only where no
-- word is longer. A term of blanks may be in any text.
CREATE FUNCTION fours_of(term text, step integer) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(
               string_agg(DISTINCT '''' || replace(replace(substr(word, least(place, greatest(1, length(word) - 3)), 4),
                                                           '\', '\\'), '''', '''''') || ''''
                                   || CASE WHEN is_last AND length(word) < 4 THEN ':*' ELSE '' END, ' & '),
               E'!''\x01''')::tsquery
      FROM (SELECT word, number = max(number) OVER () AS is_last, max(length(word)) OVER () AS longest
              FROM string_to_table(translate(term, E'\x01', ' '), ' ') WITH ORDINALITY AS each (word, number)) AS words
     CROSS JOIN LATERAL generate_series(1, length(word), step) AS place
     WHERE length(word) >= least(longest, 3));

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

CREATE INDEX idx_products_fours ON products USING gin (fours(search_text));
CREATE INDEX idx_products_words ON products USING gin (words);

COMMENT ON COLUMN products.search_text IS
    'Name and description in lower case, a control character between them: what `search` looks in. Derived.';
COMMENT ON COLUMN products.words IS
    'The folded words of name and description, and those of the name again after “=”: what `q` looks in. Derived.';
COMMENT ON INDEX idx_products_fours IS
    'The products that have a text inside name or description, by every four characters of a word in a row.';
COMMENT ON INDEX idx_products_words IS
    'The products that have words, or beginnings of words, anywhere or in the name.';
COMMENT ON FUNCTION folded(text) IS
    'The text in lower case and without marks: decomposed by NFKD, marks left out. “Café” and “CAFE” fold alike.';
COMMENT ON FUNCTION words_in(text) IS
    'The folded words of a text, in its order: letters and digits in a row, of each run the first 100.';
COMMENT ON FUNCTION product_words(text, text) IS
    'The words of a product, and those of its name again after “=”.';
COMMENT ON FUNCTION fours(text) IS
    'Every four characters of a word that stand in a row, and its last three, two and one.';
COMMENT ON FUNCTION fours_of(text, integer) IS
    'What the fours of a text must hold for a term in lower case to stand in it: every four that begins a step on.';
COMMENT ON FUNCTION words_of(text, text, text) IS
    'What the words of a product must hold for a query, each with a mark before it and the last one with an ending.';
