-- squawk-ignore-file ban-drop-table, ban-drop-function, ban-drop-trigger
DROP TRIGGER users_truncated_count ON users;
DROP TRIGGER users_moved_count ON users;
DROP TRIGGER users_deleted_count ON users;
DROP TRIGGER users_inserted_count ON users;
DROP TRIGGER products_truncated_count ON products;
DROP TRIGGER products_updated_fold ON products;
DROP TRIGGER products_moved_count ON products;
DROP TRIGGER products_deleted_count ON products;
DROP TRIGGER products_inserted_count ON products;
DROP FUNCTION clear_list_counts();
DROP FUNCTION count_moved_user();
DROP FUNCTION count_users();
DROP FUNCTION fold_moved_products();
DROP FUNCTION count_moved_product();
DROP FUNCTION count_products();
DROP FUNCTION fold_list_counts(text, uuid[]);
DROP TABLE list_counts;
