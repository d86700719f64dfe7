-- squawk-ignore-file ban-drop-table, ban-drop-function, ban-drop-trigger
DROP TRIGGER categories_moved_closure ON categories;
DROP TRIGGER categories_inserted_closure ON categories;
DROP FUNCTION close_moved_categories();
DROP FUNCTION close_new_categories();
DROP FUNCTION paths_to_root(uuid[]);
DROP TABLE category_closure;
