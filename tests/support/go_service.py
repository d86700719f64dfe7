"""Databases as the former Go service left them, of any of its versions, with as many rows as wanted."""

from pathlib import Path

import psycopg

VERSION_4 = Path(__file__).parents[1] / "migrations" / "go_version_4.sql"

UUID_FUNCTION = "CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'"
"""Stands in for the extension uuid-ossp, which not every server has."""

_CATEGORIES = "INSERT INTO categories (name) VALUES ('Maps'), ('Books');"
_PRODUCTS = """
    INSERT INTO products (name, price, category_id, sku)
    SELECT 'Atlas', 9.5, id, 'A-1' FROM categories WHERE name = 'Maps';
"""
_ROWS = (_CATEGORIES, _PRODUCTS)
"""A root of a known category's name is among them."""

_FILL = {
    "users": """
        INSERT INTO users (email, password_hash, name, created_at, updated_at, deleted_at)
        SELECT format('user%s@shop.example', n), '$2a$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW',
               'User ' || n, at, at, CASE WHEN n % 20 = 0 THEN at END
          FROM generate_series(1, {users}) AS n,
               LATERAL (SELECT timestamp '2023-01-01' + n * interval '1 min') AS t (at)
    """,
    "products": """
        INSERT INTO products (name, description, price, stock, category_id, image_url, sku, created_at, updated_at,
                              deleted_at)
        SELECT format('Product %s %s', left(md5(n::text), 5), n), repeat(md5(n::text) || ' ', 8), n % 10000 / 100.0 + 1,
               n % 500, ids[1 + n % cardinality(ids)], format('https://img.example/%s.png', n), 'SKU-' || n, at, at,
               CASE WHEN n % 20 = 0 THEN at END
          FROM generate_series(1, {products}) AS n, (SELECT array_agg(id) AS ids FROM categories) AS categories,
               LATERAL (SELECT timestamp '2023-01-01' + n * interval '1 min') AS t (at)
    """,
}


def schema(version: int) -> bytes:
    """Return the SQL of the service's schema at `version`, 1 to 4, with a few rows; it needs uuid_generate_v4().

    Each of its files 1 to 3 made a table with its indexes; the fourth added the five known categories.
    """
    text = VERSION_4.read_text(encoding="utf-8")
    if version == 4:
        return text.encode()
    starts = [text.index(each) for each in ("CREATE TABLE categories", "CREATE TABLE products", "INSERT INTO")]
    users = text[text.index("INSERT INTO users") : text.index("INSERT INTO products")]
    return "".join([text[: starts[version - 1]], users, *_ROWS[: version - 1]]).encode()


def fill(conn: psycopg.Connection, *, users: int, products: int = 0) -> None:
    """Add so many rows; a twentieth of them is deleted."""
    for table, count in (("users", users), ("products", products)):
        if count:
            conn.execute(_FILL[table].format(users=users, products=products).encode())
    conn.execute("ANALYZE")


def restore(conn: psycopg.Connection, version: int = 4) -> None:
    """Make the database one that the service left at `version`, as its back-up restores it."""
    conn.execute(UUID_FUNCTION)
    conn.execute(schema(version))
    conn.execute("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
    conn.execute("INSERT INTO schema_migrations (version, dirty) VALUES (%s, false)", [version])
