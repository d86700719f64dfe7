-- A database as the Go service left it at version 4, with a few rows. uuid_generate_v4() is there already.
CREATE TABLE users (
    id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
    email VARCHAR(255) UNIQUE NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    name VARCHAR(100) NOT NULL,
    role VARCHAR(50) NOT NULL DEFAULT 'user',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP,
    CONSTRAINT email_format CHECK (email ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Z|a-z]{2,}$'),
    CONSTRAINT role_valid CHECK (role IN ('user', 'admin', 'moderator'))
);
CREATE INDEX idx_users_email ON users(email) WHERE deleted_at IS NULL;
CREATE INDEX idx_users_created_at ON users(created_at DESC);
CREATE INDEX idx_users_deleted_at ON users(deleted_at);

CREATE TABLE categories (
    id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
    name VARCHAR(100) UNIQUE NOT NULL,
    description TEXT,
    parent_id UUID REFERENCES categories(id) ON DELETE SET NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT name_not_empty CHECK (LENGTH(TRIM(name)) > 0)
);
CREATE INDEX idx_categories_name ON categories(name);
CREATE INDEX idx_categories_parent_id ON categories(parent_id);

CREATE TABLE products (
    id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
    name VARCHAR(255) NOT NULL,
    description TEXT,
    price DECIMAL(10, 2) NOT NULL,
    stock INTEGER NOT NULL DEFAULT 0,
    category_id UUID NOT NULL REFERENCES categories(id) ON DELETE RESTRICT,
    image_url VARCHAR(500),
    sku VARCHAR(100) UNIQUE,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    deleted_at TIMESTAMP,
    CONSTRAINT price_positive CHECK (price >= 0),
    CONSTRAINT stock_non_negative CHECK (stock >= 0),
    CONSTRAINT name_not_empty CHECK (LENGTH(TRIM(name)) > 0)
);
CREATE INDEX idx_products_category_id ON products(category_id) WHERE deleted_at IS NULL;
CREATE INDEX idx_products_name ON products(name);
CREATE INDEX idx_products_price ON products(price);
CREATE INDEX idx_products_created_at ON products(created_at DESC);
CREATE INDEX idx_products_sku ON products(sku);
CREATE INDEX idx_products_deleted_at ON products(deleted_at);

INSERT INTO categories (id, name, description, created_at, updated_at) VALUES
    ('550e8400-e29b-41d4-a716-446655440001', 'Electronics', 'Devices', '2023-05-01 10:00:00', '2023-05-01 10:00:00'),
    ('550e8400-e29b-41d4-a716-446655440002', 'Clothing', 'Apparel', '2023-05-01 10:00:00', '2023-05-01 10:00:00'),
    ('550e8400-e29b-41d4-a716-446655440003', 'Books', 'Reading', '2023-05-01 10:00:00', '2023-05-01 10:00:00'),
    ('550e8400-e29b-41d4-a716-446655440004', 'Home & Garden', NULL, '2023-05-01 10:00:00', '2023-05-01 10:00:00'),
    ('550e8400-e29b-41d4-a716-446655440005', 'Sports', '', '2023-05-01 10:00:00', '2023-05-01 10:00:00');
INSERT INTO categories (name, parent_id)
    VALUES ('Phones', '550e8400-e29b-41d4-a716-446655440001');

-- bcrypt of cost 12; the last address repeats a deleted one in another case.
INSERT INTO users (email, password_hash, name, role, created_at, updated_at, deleted_at) VALUES
    ('Ann@Example.com', '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'Ann', 'admin',
     '2023-06-01 23:30:00.123456', '2023-07-01 00:00:00', NULL),
    ('bob@example.com', '$2a$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW', 'Bob', 'user',
     '2023-03-26 02:30:00', '2023-03-26 02:30:00', '2023-10-29 02:30:00'),
    ('BOB@example.com', '$2a$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW', 'Bob', 'moderator',
     '2023-11-01 12:00:00', '2023-11-01 12:00:00', NULL);

INSERT INTO products (name, description, price, stock, category_id, image_url, sku, created_at, updated_at, deleted_at)
VALUES
    ('Radio', 'With a dial', 99999999.99, 3, '550e8400-e29b-41d4-a716-446655440001', 'https://example.com/r.png', 'R-1',
     '2023-06-02 08:00:00', '2023-06-02 08:00:00', NULL),
    ('Atlas', NULL, 0, 0, '550e8400-e29b-41d4-a716-446655440003', NULL, NULL,
     '2023-06-03 08:00:00', '2023-06-03 08:00:00', NULL),
    ('Globe', '', 25.50, 1, '550e8400-e29b-41d4-a716-446655440003', NULL, NULL,
     '2023-06-04 08:00:00', '2023-06-05 08:00:00', '2023-06-05 08:00:00');
