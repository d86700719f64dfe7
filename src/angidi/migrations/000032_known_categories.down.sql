-- Removes the categories that version 32 added, unless they were used or changed.
DELETE FROM categories
 WHERE id IN ('550e8400-e29b-41d4-a716-446655440001', '550e8400-e29b-41d4-a716-446655440002',
              '550e8400-e29b-41d4-a716-446655440003', '550e8400-e29b-41d4-a716-446655440004',
              '550e8400-e29b-41d4-a716-446655440005')
   AND version = 1
   AND created_at = '2025-01-01 00:00:00+00'
   AND NOT EXISTS (SELECT FROM products WHERE products.category_id = categories.id)
   AND NOT EXISTS (SELECT FROM categories AS child WHERE child.parent_id = categories.id);
