-- CONCURRENTLY, so in a file of its own: the build blocks nobody.
CREATE INDEX CONCURRENTLY orders_user_id_status_idx ON orders (user_id, status, created_at DESC, id DESC);
