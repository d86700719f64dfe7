-- The transitive closure of the tree, so that the products of a subtree are one join away. Triggers derive it from
-- categories.parent_id in the statement that changes it. They take the same lock as the service, because the rows that
-- they read must not change meanwhile.
CREATE TABLE category_closure (
    ancestor_id   uuid NOT NULL,
    descendant_id uuid NOT NULL,
    depth         bigint NOT NULL,
    CONSTRAINT category_closure_pkey PRIMARY KEY (ancestor_id, descendant_id),
    CONSTRAINT category_closure_ancestor_id_fkey FOREIGN KEY (ancestor_id)
        REFERENCES categories (id) ON DELETE CASCADE,
    CONSTRAINT category_closure_descendant_id_fkey FOREIGN KEY (descendant_id)
        REFERENCES categories (id) ON DELETE CASCADE
);

CREATE INDEX category_closure_descendant_id_idx ON category_closure (descendant_id, depth) INCLUDE (ancestor_id);

-- A cycle, which only SQL outside the service can create, gives a path twice, and the primary key refuses the statement.
CREATE OR REPLACE FUNCTION paths_to_root(categories uuid[]) RETURNS TABLE (ancestor_id uuid, descendant_id uuid, depth bigint)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH RECURSIVE way AS (
        SELECT category.id AS ancestor_id, category.id AS descendant_id, 0::bigint AS depth, category.parent_id
          FROM categories AS category
         WHERE category.id = ANY (paths_to_root.categories)
         UNION ALL
        SELECT above.id, way.descendant_id, way.depth + 1, above.parent_id
          FROM way
          JOIN categories AS above ON above.id = way.parent_id
    ) CYCLE ancestor_id SET is_cycle USING passed
    SELECT way.ancestor_id, way.descendant_id, way.depth
      FROM way;
END;

INSERT INTO category_closure (ancestor_id, descendant_id, depth)
SELECT ancestor_id, descendant_id, depth
  FROM paths_to_root(ARRAY(SELECT id FROM categories));

CREATE OR REPLACE FUNCTION close_new_categories() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('angidi.category_tree'));
    INSERT INTO category_closure (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth
      FROM paths_to_root(ARRAY(SELECT id FROM inserted));
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION close_moved_categories() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    moved uuid[] := ARRAY(SELECT id
                            FROM before
                            JOIN after USING (id)
                           WHERE before.parent_id IS DISTINCT FROM after.parent_id);
    subtree uuid[];
BEGIN
    IF moved = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('angidi.category_tree'));
    subtree := ARRAY(SELECT DISTINCT descendant_id FROM category_closure WHERE ancestor_id = ANY (moved));
    DELETE FROM category_closure
     WHERE descendant_id = ANY (subtree);
    INSERT INTO category_closure (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth
      FROM paths_to_root(subtree);
    RETURN NULL;
END
$$;

CREATE TRIGGER categories_inserted_closure
    AFTER INSERT ON categories
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION close_new_categories();
CREATE TRIGGER categories_moved_closure
    AFTER UPDATE ON categories
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION close_moved_categories();

COMMENT ON TABLE category_closure IS
    'Every category with each of its ancestors and with itself. Derived from categories.parent_id by triggers; '
    '`angidi doctor` verifies and rebuilds it.';
COMMENT ON COLUMN category_closure.ancestor_id IS
    'The ancestor, or the category itself.';
COMMENT ON COLUMN category_closure.descendant_id IS
    'The descendant, or the category itself.';
COMMENT ON COLUMN category_closure.depth IS
    'Number of levels between them: 0 for a category and itself.';
COMMENT ON CONSTRAINT category_closure_pkey ON category_closure IS
    'One path between two categories, which also refuses cycles. Serves the subtree of a category.';
COMMENT ON CONSTRAINT category_closure_ancestor_id_fkey ON category_closure IS
    'A deleted category has no descendants.';
COMMENT ON CONSTRAINT category_closure_descendant_id_fkey ON category_closure IS
    'A deleted category has no ancestors.';
COMMENT ON INDEX category_closure_descendant_id_idx IS
    'The path from a category to its root, and the foreign key to the descendant.';
COMMENT ON FUNCTION paths_to_root(uuid[]) IS
    'The closure''s rows for these categories, from parent_id.';
COMMENT ON FUNCTION close_new_categories() IS
    'Adds the paths of new categories.';
COMMENT ON FUNCTION close_moved_categories() IS
    'Rewrites the paths of moved categories and their descendants.';
