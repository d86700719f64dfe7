-- Lists are planned by statistics, which a table that was filled or rewritten, and an index on an expression, do not have yet.
ANALYZE users, categories, products, product_search, category_closure, list_counts;
