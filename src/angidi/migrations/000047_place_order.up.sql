-- Placing an order is one call, because every round trip holds the locks of its products longer: five statements, each
-- awaited, placed half as many orders. One statement with CTEs would not do: it could not see what it had waited for.

-- An order as it is answered. Both arrays are JSON, so that an order is one row.
CREATE OR REPLACE VIEW shown_orders AS
SELECT id, number, status,
       (SELECT json_agg(json_build_object(
                   'product_id', product_id, 'sku', sku, 'name', name, 'unit_price', unit_price, 'quantity', quantity,
                   'line_total', line_total) ORDER BY line)
          FROM order_items
         WHERE order_id = orders.id) AS items,
       total, currency, shipping_address, note,
       (SELECT json_agg(json_build_object('status', status, 'at', at, 'actor_id', actor_id, 'note', note) ORDER BY version)
          FROM order_history
         WHERE order_id = orders.id) AS history,
       user_id, created_at, updated_at, version
  FROM orders;

-- Raises with the failing lines, counted from 1, and what is left, as JSON in DETAIL; NULL is a product that is not there.
CREATE OR REPLACE FUNCTION refuse_lines(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    missing text;
    short text;
BEGIN
    SELECT json_object_agg(line, NULL) FILTER (WHERE product.id IS NULL),
           json_object_agg(line, product.stock) FILTER (WHERE product.stock < quantity)
      INTO missing, short
      FROM unnest(product_ids, quantities) WITH ORDINALITY AS wanted (product_id, quantity, line)
      LEFT JOIN products AS product ON product.id = product_id AND product.deleted_at IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'some products are not there'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'order_items', CONSTRAINT = 'product_active', DETAIL = missing;
    END IF;
    IF short IS NOT NULL THEN
        RAISE EXCEPTION 'some products have too little stock'
            USING ERRCODE = 'check_violation', TABLE = 'products', CONSTRAINT = 'stock_sufficient', DETAIL = short;
    END IF;
END
$$;

-- Locks products in the order of their ids, as everybody does who locks several: NO KEY, because foreign keys take KEY
-- SHARE of the same rows in whatever order.
CREATE OR REPLACE FUNCTION lock_products(product_ids uuid[]) RETURNS void
    LANGUAGE sql
    SET search_path FROM CURRENT
AS $$
    SELECT FROM products WHERE id = ANY (product_ids) ORDER BY id FOR NO KEY UPDATE
$$;

-- Takes the pieces out of the stock, all or none.
CREATE OR REPLACE FUNCTION take_stock(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_products(product_ids);
    PERFORM refuse_lines(product_ids, quantities);
    UPDATE products
       SET stock = stock - wanted.quantity
      FROM unnest(product_ids, quantities) AS wanted (product_id, quantity)
     WHERE id = wanted.product_id;
END
$$;

-- Gives the pieces back, also of products that are deleted by now. Equal products are summed: an UPDATE changes a row once.
CREATE OR REPLACE FUNCTION return_stock(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_products(product_ids);
    UPDATE products
       SET stock = stock + given.quantity
      FROM (SELECT product_id, sum(quantity)::integer AS quantity
              FROM unnest(product_ids, quantities) AS each_one (product_id, quantity)
             GROUP BY product_id) AS given
     WHERE id = given.product_id;
END
$$;

CREATE OR REPLACE FUNCTION place_order(
    new_id uuid, new_number text, buyer_id uuid, reserved_id uuid, product_ids uuid[], quantities integer[],
    address_id uuid, address jsonb, new_note text, expected numeric, new_currency text, cause jsonb,
    new_key text, request_hash bytea
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    placed text;
    sold numeric;
BEGIN
    IF new_key IS NOT NULL THEN
        PERFORM claim_idempotency_key(buyer_id, new_key, request_hash);
    END IF;
    IF address_id IS NOT NULL THEN
        SELECT json_build_object('recipient', recipient, 'line1', line1, 'line2', line2, 'city', city, 'region', region,
                                 'postal_code', postal_code, 'country', country)
          INTO address
          FROM addresses
         WHERE id = address_id AND user_id = buyer_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no such address'
                USING ERRCODE = 'foreign_key_violation', TABLE = 'orders', CONSTRAINT = 'address_of_buyer';
        END IF;
    END IF;
    PERFORM set_config('angidi.cause', cause::text, true);
    IF reserved_id IS NOT NULL THEN
        SELECT products, pieces INTO product_ids, quantities FROM use_reservation(reserved_id, buyer_id);
    ELSE
        PERFORM take_stock(product_ids, quantities);
    END IF;
    WITH lines AS (
        SELECT line, product.id, coalesce(product.sku, '') AS sku, product.name, product.price, quantity
          FROM unnest(product_ids, quantities) WITH ORDINALITY AS wanted (product_id, quantity, line)
          JOIN products AS product ON product.id = product_id
    ), placed AS (
        INSERT INTO orders (id, number, user_id, total, currency, shipping_address, note)
        SELECT new_id, new_number, buyer_id, sum(price * quantity), new_currency, address, new_note
          FROM lines
        RETURNING total
    ), items AS (
        INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
        SELECT new_id, line, id, sku, name, price, quantity
          FROM lines
         ORDER BY line
    )
    SELECT total INTO sold FROM placed;
    IF sold <> expected THEN
        RAISE EXCEPTION 'the total is another one'
            USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'total_expected', DETAIL = sold::text;
    END IF;
    SELECT row_to_json(shown) INTO placed FROM shown_orders AS shown WHERE id = new_id;
    IF new_key IS NOT NULL THEN
        UPDATE idempotency_keys SET document = placed WHERE user_id = buyer_id AND key = new_key;
    END IF;
    RETURN placed;
END
$$;

-- Marks a reservation as used and returns what it holds. One that is no longer live, by the clock, is refused.
CREATE OR REPLACE FUNCTION use_reservation(
    reserved_id uuid, holder_id uuid, OUT products uuid[], OUT pieces integer[]
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    is_live boolean;
BEGIN
    SELECT state = 'live' AND expires_at > clock_timestamp()
      INTO is_live
      FROM reservations
     WHERE id = reserved_id AND user_id = holder_id
       FOR NO KEY UPDATE;
    IF is_live IS NULL THEN
        RAISE EXCEPTION 'there is no such reservation'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'orders', CONSTRAINT = 'reservation_of_buyer';
    ELSIF NOT is_live THEN
        RAISE EXCEPTION 'the reservation is used or expired'
            USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'reservation_live';
    END IF;
    UPDATE reservations SET state = 'used' WHERE id = reserved_id;
    SELECT array_agg(product_id ORDER BY line), array_agg(quantity ORDER BY line)
      INTO products, pieces
      FROM reservation_items
     WHERE reservation_id = reserved_id;
END
$$;

-- Cancels the oldest pending orders and gives their stock back. Those that somebody else is changing are skipped. All
-- products are locked first, in the order of their ids; then each order is moved by itself, so that the ledger names it,
-- and so that one whose pieces have no room in a stock, because that was set to the largest number, stays alone.
CREATE OR REPLACE FUNCTION cancel_pending_orders(placed_before timestamptz, most integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    stale uuid[];
    stale_id uuid;
    cancelled integer := 0;
BEGIN
    stale := ARRAY(SELECT id
                     FROM orders
                    WHERE status = 'pending' AND created_at < placed_before
                    ORDER BY created_at, id
                    LIMIT most
                      FOR NO KEY UPDATE SKIP LOCKED);
    PERFORM lock_products(ARRAY(SELECT DISTINCT product_id FROM order_items WHERE order_id = ANY (stale)));
    FOREACH stale_id IN ARRAY stale LOOP
        PERFORM set_config('angidi.cause', jsonb_build_object(
            'kind', 'cancel', 'order_id', stale_id, 'note', 'It was pending for too long.')::text, true);
        BEGIN
            UPDATE orders SET status = 'cancelled', updated_at = now() WHERE id = stale_id;
            PERFORM return_stock(array_agg(product_id), array_agg(quantity)) FROM order_items WHERE order_id = stale_id;
            cancelled := cancelled + 1;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            RAISE WARNING 'order % stays pending: a stock has no room for its pieces', stale_id;
        END;
    END LOOP;
    RETURN cancelled;
END
$$;

-- Gives back what expired reservations hold, the oldest first. Those that somebody else is using are skipped.
CREATE OR REPLACE FUNCTION expire_reservations(most integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    stale uuid[];
    stale_id uuid;
    expired integer := 0;
BEGIN
    stale := ARRAY(SELECT id
                     FROM reservations
                    WHERE state = 'live' AND expires_at <= now()
                    ORDER BY expires_at
                    LIMIT most
                      FOR NO KEY UPDATE SKIP LOCKED);
    PERFORM set_config('angidi.cause', '{"kind": "release"}', true);
    PERFORM lock_products(ARRAY(SELECT DISTINCT product_id FROM reservation_items WHERE reservation_id = ANY (stale)));
    FOREACH stale_id IN ARRAY stale LOOP
        BEGIN
            UPDATE reservations SET state = 'expired' WHERE id = stale_id;
            PERFORM return_stock(array_agg(product_id), array_agg(quantity))
               FROM reservation_items
              WHERE reservation_id = stale_id;
            expired := expired + 1;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            RAISE WARNING 'reservation % is kept: a stock has no room for its pieces', stale_id;
        END;
    END LOOP;
    RETURN expired;
END
$$;

COMMENT ON VIEW shown_orders IS
    'Orders as they are answered, with items and history as JSON.';
COMMENT ON FUNCTION refuse_lines(uuid[], integer[]) IS
    'Raises if a product is not there or has too little stock, with the lines in DETAIL.';
COMMENT ON FUNCTION lock_products(uuid[]) IS
    'Locks products in the order of their ids.';
COMMENT ON FUNCTION take_stock(uuid[], integer[]) IS
    'Takes pieces out of the stock of products, all or none.';
COMMENT ON FUNCTION return_stock(uuid[], integer[]) IS
    'Gives pieces back to the stock of products.';
COMMENT ON FUNCTION place_order(uuid, text, uuid, uuid, uuid[], integer[], uuid, jsonb, text, numeric, text, jsonb, text, bytea) IS
    'Places an order and returns it as JSON. With a key, the answer is kept for a repetition of the request.';
COMMENT ON FUNCTION use_reservation(uuid, uuid) IS
    'Marks a reservation as used and returns what it holds.';
COMMENT ON FUNCTION cancel_pending_orders(timestamptz, integer) IS
    'Cancels orders that were placed before a time and are still pending; returns how many.';
COMMENT ON FUNCTION expire_reservations(integer) IS
    'Gives back what expired reservations hold; returns how many.';
