-- The shop of the recordings: a few rows of the former service, as they are after the take-over. Its rules were laxer:
-- a price of 0.00, a picture at s3://, a name with blanks around. The hashes are bcrypt, of cost 4 to be quick:
-- Grace's password is `go-gopher-1`, Ada's 80 bytes, of which bcrypt took 72.
INSERT INTO categories (id, name, created_at, updated_at) VALUES
    ('550e8400-e29b-41d4-a716-446655440001', 'Electronics', '2023-05-01 10:00Z', '2023-05-01 10:00Z'),
    ('550e8400-e29b-41d4-a716-446655440003', 'Books', '2023-05-01 10:00Z', '2023-05-01 10:00Z');

INSERT INTO users (id, email, password_hash, name, role, created_at, updated_at) VALUES
    ('0b5e2f66-0b5b-4d5e-9d55-000000000001', 'grace@shop.example', '{grace}', 'Grace', 'admin',
     '2023-05-02 10:00Z', '2023-05-02 10:00Z'),
    ('0b5e2f66-0b5b-4d5e-9d55-000000000002', 'ada@shop.example', '{ada}', 'Ada', 'user',
     '2023-05-03 10:00Z', '2023-05-03 10:00Z');

INSERT INTO products (id, name, description, price, stock, category_id, image_url, sku, created_at, updated_at) VALUES
    ('7d2f5f0a-5f35-4c0e-8a11-000000000001', 'Desk lamp', 'Brass, with a switch', 25.50, 3,
     '550e8400-e29b-41d4-a716-446655440001', 'https://img.example/lamp.png', 'LAMP-1',
     '2023-06-01 08:00Z', '2023-06-01 08:00Z'),
    ('7d2f5f0a-5f35-4c0e-8a11-000000000002', ' Old lamp ', NULL, 0.00, 1,
     '550e8400-e29b-41d4-a716-446655440001', 's3://shop-pictures/old-lamp.png', NULL,
     '2023-06-02 08:00Z', '2023-06-02 08:00Z'),
    ('7d2f5f0a-5f35-4c0e-8a11-000000000003', 'Atlas', repeat('0123456789', 30), 40.00, 0,
     '550e8400-e29b-41d4-a716-446655440003', NULL, 'ATLAS-1', '2023-06-03 08:00Z', '2023-06-03 08:00Z'),
    ('7d2f5f0a-5f35-4c0e-8a11-000000000004', 'Rug 100%', 'Null and void of_synthetics', 99.90, 7,
     '550e8400-e29b-41d4-a716-446655440003', NULL, NULL, '2023-06-04 08:00Z', '2023-06-04 08:00Z');
