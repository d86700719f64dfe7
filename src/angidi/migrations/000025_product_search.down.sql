-- squawk-ignore-file ban-drop-table, ban-drop-function, ban-drop-trigger
DROP TRIGGER products_updated_search ON products;
DROP TRIGGER products_inserted_search ON products;
DROP FUNCTION analyze_products();
DROP FUNCTION clean_search_pending_lists();
DROP FUNCTION change_product_search();
DROP FUNCTION add_product_search();
DROP FUNCTION words_query(text, text, text);
DROP FUNCTION product_words(text, text, text);
DROP FUNCTION words_in(text);
DROP FUNCTION unspaced_words_in(text);
DROP FUNCTION is_unspaced(text);
DROP FUNCTION unaccented(text);
DROP FUNCTION search_pattern(text);
DROP FUNCTION search_document(text, text);
DROP FUNCTION searchable(text);
DROP FUNCTION folded(text);
DROP TABLE product_search;
