-- The functions of version 25 again. Search data of texts that are not NFC stays as it is: `angidi doctor --rebuild`.
-- squawk-ignore-file ban-drop-function
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

CREATE OR REPLACE FUNCTION product_words(name text, description text, sku text) RETURNS tsvector
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT array_to_tsvector(
               of_name
               || coalesce(words_in(description), '{}')
               || string_to_array('=' || nullif(array_to_string(of_name, ' ='), ''), ' ')
               || CASE WHEN sku IS NOT NULL THEN ARRAY['#' || searchable(btrim(sku))] END)
      FROM words_in(name) AS of_name);

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

CREATE OR REPLACE FUNCTION searchable(body text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(translate(body, U&'\00AD\200B\2060\FEFF', ''));

ALTER INDEX IF EXISTS users_search_idx RESET (fastupdate);

DROP FUNCTION sku_query(text);
DROP FUNCTION sku_form(text);
DROP FUNCTION name_form(text);
DROP FUNCTION text_form(text);

COMMENT ON FUNCTION searchable(text) IS
    'The text in lower case, without U+00AD, U+200B, U+2060 and U+FEFF, which `search` ignores.';
COMMENT ON FUNCTION unaccented(text) IS
    'The text as `q` compares it: NFKC, no format characters, lower case, no accents.';
COMMENT ON FUNCTION words_query(text, text, text) IS
    'The tsquery text of `q`, each word with a prefix mark and the last one with a suffix.';
