-- The functions look into temporary schemas last: else a temporary table of that name would take the entries of the ledger.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

ALTER FUNCTION record_changed_stock() SET search_path FROM CURRENT;
ALTER FUNCTION record_new_stock() SET search_path FROM CURRENT;
ALTER FUNCTION record_purged_stock() SET search_path FROM CURRENT;

-- An order is one round trip: the function looks for the account, too.
--
-- The arrays are of unknown length to a generic plan, so it looks dearer than one for three lines, and each call would make
-- four plans anew: they took a third of its time. All rows are read by their primary keys.
CREATE OR REPLACE FUNCTION place_order(
    new_id uuid, new_number text, buyer_id uuid, reserved_id uuid, product_ids uuid[], quantities integer[],
    address_id uuid, address jsonb, new_note text, expected numeric, new_currency text, cause jsonb,
    new_key text, request_hash bytea
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    placed text;
    sold numeric;
BEGIN
    IF NOT EXISTS (SELECT FROM users WHERE id = buyer_id AND deleted_at IS NULL) THEN
        RAISE EXCEPTION 'the buyer is no active user'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'orders', CONSTRAINT = 'buyer_active';
    END IF;
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

-- Version 50 validates it, in a transaction of its own, which stops nobody.
ALTER TABLE addresses ADD CONSTRAINT texts_length CHECK (
    char_length(recipient) <= 100 AND char_length(line1) <= 200 AND char_length(line2) <= 200
    AND char_length(city) <= 100 AND char_length(region) <= 100 AND char_length(postal_code) <= 20) NOT VALID;

COMMENT ON CONSTRAINT texts_length ON addresses IS
    'Lines have at most 200 characters, a postal code 20, and the others 100.';
