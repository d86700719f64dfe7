-- squawk-ignore-file ban-drop-constraint
ALTER TABLE addresses DROP CONSTRAINT texts_length;

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

ALTER FUNCTION record_changed_stock() SET search_path FROM CURRENT;
ALTER FUNCTION record_new_stock() SET search_path FROM CURRENT;
ALTER FUNCTION record_purged_stock() SET search_path FROM CURRENT;
