-- Removes those that nobody uses or has changed. The others stay: products may stand in them, and clients know them.
DELETE FROM categories
 WHERE id IN ('550e8400-e29b-41d4-a716-446655440001', '550e8400-e29b-41d4-a716-446655440002',
              '550e8400-e29b-41d4-a716-446655440003', '550e8400-e29b-41d4-a716-446655440004',
              '550e8400-e29b-41d4-a716-446655440005')
   AND version = 1
   AND description IS NULL
   AND NOT EXISTS (SELECT FROM products WHERE products.category_id = categories.id)
   AND NOT EXISTS (SELECT FROM categories AS child WHERE child.parent_id = categories.id);
