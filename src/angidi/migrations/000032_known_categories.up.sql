-- The categories that clients know by id. Skips one if its id or a root with its name exists. The fixed creation time
-- identifies them for the down migration.
INSERT INTO categories (id, name, created_at, updated_at)
SELECT id, name, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00'
  FROM (VALUES ('550e8400-e29b-41d4-a716-446655440001'::uuid, 'Electronics'),
               ('550e8400-e29b-41d4-a716-446655440002', 'Clothing'),
               ('550e8400-e29b-41d4-a716-446655440003', 'Books'),
               ('550e8400-e29b-41d4-a716-446655440004', 'Home & Garden'),
               ('550e8400-e29b-41d4-a716-446655440005', 'Sports')) AS known (id, name)
 WHERE NOT EXISTS (SELECT FROM categories WHERE categories.id = known.id)
   AND NOT EXISTS (SELECT FROM categories WHERE categories.name = known.name AND parent_id IS NULL);
