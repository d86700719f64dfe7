"""How a file of products is read: which columns are which fields, and which rows are products."""
