-- The forms in which texts are stored (the API's validation has the same), and search functions that find a text in
-- whatever form it is written: composed, decomposed, with format characters inside. Of the stored search data only that of
-- texts that are not NFC, or have format characters, is another by these functions; version 39 renews it.
--
-- Format characters are removed before a text is composed, since one may part a letter from its accent. Texts of ASCII
-- alone, most of a shop's, need neither. Not STRICT, though NULL gives NULL: a strict function with a CASE is not inlined,
-- and calls take longer than the work.

-- White space is Unicode's, whatever the locale.
CREATE OR REPLACE FUNCTION text_form(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN octet_length(body) = length(body) THEN btrim(body, E'\t\n\u000b\f\r\u001c\u001d\u001e\u001f ')
    ELSE
        normalize(
            btrim(body, E'\t\n\u000b\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005'
                        '\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'),
            NFC)
END;

CREATE OR REPLACE FUNCTION name_form(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN octet_length(body) = length(body) THEN
        CASE WHEN body ~ '[\u0009-\u000d\u001c-\u001f]|  |^ | $'
             THEN btrim(regexp_replace(body, '[\u0009-\u000d\u001c-\u0020]+', ' ', 'g'), ' ')
             ELSE body END
    ELSE
        normalize(
            btrim(
                regexp_replace(translate(body, U&'\200B\2060\FEFF', ''),
                               '[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+',
                               ' ', 'g'),
                ' '),
            NFC)
END;

CREATE OR REPLACE FUNCTION sku_form(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN octet_length(body) = length(body) THEN text_form(body)
    ELSE text_form(translate(body, U&'\00AD\200B\200C\200D\200E\200F\2060\FEFF', ''))
END;

CREATE OR REPLACE FUNCTION searchable(body text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN octet_length(body) = length(body) THEN lower(body)
    ELSE lower(normalize(translate(body, U&'\00AD\200B\2060\FEFF', ''), NFC))
END;

-- Sessions keep the expression of an index with the functions' bodies in it, and would go on writing entries by the former
-- one. A new state of the index has them read it anew.
ALTER INDEX IF EXISTS users_search_idx RESET (fastupdate);

-- Without accents, in lower case: “Łódź” is “lodz”, “Größe” is “grosse”. A final sigma is a sigma. unaccent() leaves marks
-- that no letter has built in, and Hebrew and Arabic vowels, which people leave out.
CREATE OR REPLACE FUNCTION unaccented(body text) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN translate(
    lower(regexp_replace(
        unaccent('unaccent'::regdictionary,
                 lower(normalize(translate(body, U&'\00AD\200B\200C\200D\2060\FEFF', ''), NFKC))),
        '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670]', '', 'g')),
    'ς', 'σ');

CREATE OR REPLACE FUNCTION product_words(name text, description text, sku text) RETURNS tsvector
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT array_to_tsvector(
               of_name
               || coalesce(words_in(description), '{}')
               || string_to_array('=' || nullif(array_to_string(of_name, ' ='), ''), ' ')
               || CASE WHEN sku IS NOT NULL THEN ARRAY['#' || searchable(sku_form(sku))] END)
      FROM words_in(name) AS of_name);

-- A tsquery has room for 2,046 bytes of a word; no SKU is as long.
CREATE OR REPLACE FUNCTION sku_query(q text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '''#' || replace(replace(left(nullif(searchable(sku_form(q)), ''), 500), '\', '\\'), '''', '''''') || '''';

-- The first 32 words of q, each after mark, the last one with ending (“:*” makes it the beginning of a word). What stands
-- between blanks may be a SKU instead, the last one with ending; and so may q as a whole. Declared IMMUTABLE, though
-- unaccent() is not, so that a plan computes it once and not for each row; nothing that is stored rests on it. In PL/pgSQL,
-- which takes a tenth of the time here: it keeps the plans of its expressions.
CREATE OR REPLACE FUNCTION words_query(q text, mark text, ending text) RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
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

COMMENT ON FUNCTION text_form(text) IS
    'The form in which texts are stored: NFC, trimmed.';
COMMENT ON FUNCTION name_form(text) IS
    'The form in which names are stored: NFC, trimmed, without U+200B, U+2060 and U+FEFF, one blank for each run of white '
    'space.';
COMMENT ON FUNCTION sku_form(text) IS
    'The form in which SKUs are stored: NFC, trimmed, without U+00AD, U+200B to U+200F, U+2060 and U+FEFF.';
COMMENT ON FUNCTION searchable(text) IS
    'The text in NFC and lower case, without U+00AD, U+200B, U+2060 and U+FEFF, which `search` ignores.';
COMMENT ON FUNCTION unaccented(text) IS
    'The text as `q` compares it: no format characters, NFKC, lower case, no accents.';
COMMENT ON FUNCTION sku_query(text) IS
    'A text as a SKU, for words_query(); NULL for one without a character.';
COMMENT ON FUNCTION words_query(text, text, text) IS
    'The tsquery of `q`, each word with a prefix mark and the last one with a suffix.';
