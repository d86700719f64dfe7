-- squawk-ignore-file ban-drop-column, ban-drop-function, require-concurrent-index-deletion
DROP INDEX idx_products_words;
DROP INDEX idx_products_fours;
ALTER TABLE products
    DROP COLUMN words,
    DROP COLUMN search_text;
DROP FUNCTION words_of(text, text, text);
DROP FUNCTION fours_of(text, integer);
DROP FUNCTION fours(text);
DROP FUNCTION product_words(text, text);
DROP FUNCTION words_in(text);
DROP FUNCTION folded(text);
