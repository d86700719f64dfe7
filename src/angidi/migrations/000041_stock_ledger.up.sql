-- Every change of every stock, written by the database whoever makes it, so that sum(delta) of a product is its stock.
-- Version 42 adds what was in stock before.
--
-- A transition table would be filled by every UPDATE of products, also one that changes no stock: for UPDATE the trigger
-- fires per row, and only if the stock changed.
-- The delta is an integer, as products.stock is.
-- squawk-ignore-file prefer-bigint-over-int
CREATE TABLE stock_ledger (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    product_id uuid NOT NULL,
    delta      integer NOT NULL,
    kind       text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    order_id   uuid,
    actor_id   uuid,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stock_ledger_pkey PRIMARY KEY (id),
    CONSTRAINT delta_not_zero CHECK (delta <> 0),
    CONSTRAINT kind_known CHECK (kind IN (
        'initial', 'set', 'adjust', 'import', 'order', 'cancel', 'return', 'reserve', 'release', 'purge'))
);

CREATE INDEX stock_ledger_product_id_idx ON stock_ledger (product_id, id);

-- What the transaction says of itself: see `cause` in the comment below. After a transaction that set it, the setting is
-- an empty text in this session, not NULL.
CREATE OR REPLACE FUNCTION change_cause() RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('angidi.cause', true), ''), '{}')::jsonb;

CREATE OR REPLACE FUNCTION record_changed_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO stock_ledger (product_id, delta, kind, reason, order_id, actor_id, request_id)
    VALUES (NEW.id, NEW.stock - OLD.stock, coalesce(cause ->> 'kind', 'set'), coalesce(cause ->> 'reason', ''),
            (cause ->> 'order_id')::uuid, (cause ->> 'actor_id')::uuid, cause ->> 'request_id');
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION record_new_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO stock_ledger (product_id, delta, kind, reason, actor_id, request_id)
    SELECT id, stock, 'initial', coalesce(cause ->> 'reason', ''), (cause ->> 'actor_id')::uuid, cause ->> 'request_id'
      FROM inserted
     WHERE stock > 0;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION record_purged_stock() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO stock_ledger (product_id, delta, kind, reason, actor_id, request_id)
    SELECT id, -stock, 'purge', coalesce(cause ->> 'reason', ''), (cause ->> 'actor_id')::uuid, cause ->> 'request_id'
      FROM deleted
     WHERE stock > 0;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;

CREATE TRIGGER products_changed_stock
    AFTER UPDATE ON products
    FOR EACH ROW
    WHEN (OLD.stock IS DISTINCT FROM NEW.stock)
    EXECUTE FUNCTION record_changed_stock();

CREATE TRIGGER products_new_stock
    AFTER INSERT ON products
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    EXECUTE FUNCTION record_new_stock();

CREATE TRIGGER products_purged_stock
    AFTER DELETE ON products
    REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT
    EXECUTE FUNCTION record_purged_stock();

CREATE TRIGGER products_no_truncate
    BEFORE TRUNCATE ON products
    FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change('it would leave no trace in the stock ledger; use DELETE');

CREATE TRIGGER stock_ledger_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_ledger
    FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change('entries are never changed; append one that corrects');

COMMENT ON TABLE stock_ledger IS
    'Every change of every stock; only ever appended to. The sum of a product''s deltas is its stock.';
COMMENT ON COLUMN stock_ledger.id IS
    'The order of the entries of one product.';
COMMENT ON COLUMN stock_ledger.product_id IS
    'The product; no foreign key, because entries outlive a product that is purged.';
COMMENT ON COLUMN stock_ledger.delta IS
    'Pieces that came in, or that went out (negative).';
COMMENT ON COLUMN stock_ledger.kind IS
    'What happened; `set` is a recount: somebody wrote an absolute number.';
COMMENT ON COLUMN stock_ledger.reason IS
    'What a person gave as the reason.';
COMMENT ON COLUMN stock_ledger.order_id IS
    'The order that took the pieces, or gave them back.';
COMMENT ON COLUMN stock_ledger.actor_id IS
    'The account that did it; NULL for SQL, commands and sweeps. A pseudonym: no foreign key.';
COMMENT ON COLUMN stock_ledger.request_id IS
    'The id of the request, as in its log line.';
COMMENT ON COLUMN stock_ledger.created_at IS
    'The beginning of the transaction.';
COMMENT ON CONSTRAINT stock_ledger_pkey ON stock_ledger IS
    'The identity of an entry.';
COMMENT ON CONSTRAINT delta_not_zero ON stock_ledger IS
    'An entry is a change.';
COMMENT ON CONSTRAINT kind_known ON stock_ledger IS
    'The kinds of changes.';
COMMENT ON INDEX stock_ledger_product_id_idx IS
    'The entries of a product, and their sum.';
COMMENT ON FUNCTION change_cause() IS
    'What the transaction says about its changes in the setting angidi.cause: a JSON object that may have kind, reason, order_id, actor_id and request_id.';
COMMENT ON FUNCTION record_changed_stock() IS
    'Appends a changed stock to the ledger.';
COMMENT ON FUNCTION record_new_stock() IS
    'Appends the stock of new products to the ledger.';
COMMENT ON FUNCTION record_purged_stock() IS
    'Takes the stock of purged products out of the ledger.';
COMMENT ON FUNCTION refuse_change() IS
    'Refuses the statement, for the reason given.';
