-- Orders with their items as sold, and the history of their states. What must hold, holds here: states follow the
-- transitions, the total is the sum of the items, and items are written once, with their order.
-- Integers: lines are at most 100, quantities at most 10,000.
-- squawk-ignore-file prefer-bigint-over-int
CREATE TABLE order_transitions (
    old text NOT NULL,
    new text NOT NULL,
    CONSTRAINT order_transitions_pkey PRIMARY KEY (old, new)
);

INSERT INTO order_transitions (old, new)
VALUES ('pending', 'confirmed'),
       ('confirmed', 'shipped'),
       ('shipped', 'delivered'),
       ('shipped', 'returned'),
       ('delivered', 'returned'),
       ('pending', 'cancelled'),
       ('confirmed', 'cancelled');

CREATE TABLE orders (
    id               uuid NOT NULL DEFAULT gen_random_uuid(),
    number           text NOT NULL,
    user_id          uuid NOT NULL,
    status           text NOT NULL DEFAULT 'pending',
    total            numeric(14, 2) NOT NULL,
    currency         text NOT NULL,
    shipping_address jsonb NOT NULL,
    note             text NOT NULL DEFAULT '',
    made_in          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    version          bigint NOT NULL DEFAULT 1,
    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_number_key UNIQUE (number),
    CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT status_known CHECK (status IN ('pending', 'confirmed', 'shipped', 'delivered', 'returned', 'cancelled')),
    CONSTRAINT total_not_negative CHECK (total BETWEEN 0 AND 999999999999.99),
    CONSTRAINT currency_format CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT shipping_address_object CHECK (jsonb_typeof(shipping_address) = 'object'),
    CONSTRAINT note_length CHECK (char_length(note) <= 500),
    CONSTRAINT version_in_range CHECK (version BETWEEN 1 AND 9007199254740991),
    CONSTRAINT times_representable CHECK (is_representable(created_at) AND is_representable(updated_at))
) WITH (fillfactor = 90);

CREATE INDEX orders_user_id_idx ON orders (user_id, created_at DESC, id DESC);
CREATE INDEX orders_created_at_idx ON orders (created_at DESC, id DESC);
CREATE INDEX orders_status_idx ON orders (status, created_at DESC, id DESC);

CREATE TABLE order_items (
    order_id   uuid NOT NULL,
    line       integer NOT NULL,
    product_id uuid NOT NULL,
    sku        text NOT NULL,
    name       text NOT NULL,
    unit_price numeric(10, 2) NOT NULL,
    quantity   integer NOT NULL,
    line_total numeric(14, 2) GENERATED ALWAYS AS (unit_price * quantity) STORED,
    CONSTRAINT order_items_pkey PRIMARY KEY (order_id, line),
    CONSTRAINT order_items_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT,
    CONSTRAINT line_positive CHECK (line BETWEEN 1 AND 100),
    CONSTRAINT unit_price_in_range CHECK (unit_price BETWEEN 0 AND 99999999.99),
    CONSTRAINT quantity_in_range CHECK (quantity BETWEEN 1 AND 10000)
);

CREATE INDEX order_items_product_id_idx ON order_items (product_id, order_id);

CREATE TABLE order_history (
    order_id uuid NOT NULL,
    version  bigint NOT NULL,
    old      text,
    status   text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    actor_id uuid,
    note     text NOT NULL DEFAULT '',
    CONSTRAINT order_history_pkey PRIMARY KEY (order_id, version),
    CONSTRAINT order_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT order_history_transition_fkey FOREIGN KEY (old, status) REFERENCES order_transitions (old, new),
    CONSTRAINT old_unless_first CHECK ((old IS NULL) = (version = 1)),
    CONSTRAINT first_is_pending CHECK (old IS NOT NULL OR status = 'pending'),
    CONSTRAINT note_length CHECK (char_length(note) <= 500)
);

-- The history is written here, so that no state changes without an entry, and the foreign key to the transitions
-- refuses a change that is none of them. SQL that leaves updated_at as it was changes the state now.
CREATE OR REPLACE FUNCTION record_order_status() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    cause jsonb := change_cause();
BEGIN
    INSERT INTO order_history (order_id, version, old, status, at, actor_id, note)
    VALUES (NEW.id, NEW.version, CASE TG_OP WHEN 'UPDATE' THEN OLD.status END, NEW.status,
            CASE WHEN TG_OP = 'UPDATE' AND OLD.updated_at = NEW.updated_at THEN now() ELSE NEW.updated_at END,
            (cause ->> 'actor_id')::uuid, coalesce(cause ->> 'note', ''));
    RETURN NULL;
END
$$;

-- The order has the id of the transaction that placed it. Nobody else sees the order before that has ended.
CREATE OR REPLACE FUNCTION refuse_late_items() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM inserted JOIN orders ON orders.id = inserted.order_id
                WHERE orders.made_in <> pg_current_xact_id())
    THEN
        RAISE EXCEPTION 'items are written with their order, never later'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION check_order_total() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NEW.total IS DISTINCT FROM (SELECT sum(line_total) FROM order_items WHERE order_id = NEW.id) THEN
        RAISE EXCEPTION 'the total of order % is not the sum of its items', NEW.number
            USING ERRCODE = 'check_violation', TABLE = 'orders', CONSTRAINT = 'total_of_items';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER orders_version
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN ((OLD.number, OLD.user_id, OLD.status, OLD.total, OLD.currency, OLD.shipping_address, OLD.note, OLD.version)
          IS DISTINCT FROM
          (NEW.number, NEW.user_id, NEW.status, NEW.total, NEW.currency, NEW.shipping_address, NEW.note, NEW.version))
    EXECUTE FUNCTION next_version();

-- An order that named another transaction would take items again. Whom it belongs to, and where it goes, can be corrected.
CREATE TRIGGER orders_as_placed
    BEFORE UPDATE ON orders
    FOR EACH ROW
    WHEN ((OLD.number, OLD.currency, OLD.made_in) IS DISTINCT FROM (NEW.number, NEW.currency, NEW.made_in))
    EXECUTE FUNCTION refuse_change('number, currency and made_in stay as placed');

CREATE TRIGGER orders_first_status
    AFTER INSERT ON orders
    FOR EACH ROW
    EXECUTE FUNCTION record_order_status();

CREATE TRIGGER orders_status
    AFTER UPDATE ON orders
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION record_order_status();

CREATE CONSTRAINT TRIGGER orders_total
    AFTER INSERT OR UPDATE OF total ON orders
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    EXECUTE FUNCTION check_order_total();

CREATE TRIGGER order_items_with_order
    AFTER INSERT ON order_items
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_late_items();

CREATE TRIGGER order_items_as_sold
    BEFORE UPDATE OR DELETE OR TRUNCATE ON order_items
    FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change('items stay as sold');

CREATE TRIGGER order_history_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON order_history
    FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change('the past does not change');

COMMENT ON TABLE order_transitions IS
    'The changes of state that there are. Cancelled and returned orders give their stock back.';
COMMENT ON COLUMN order_transitions.old IS
    'The state before.';
COMMENT ON COLUMN order_transitions.new IS
    'The state after.';
COMMENT ON CONSTRAINT order_transitions_pkey ON order_transitions IS
    'A transition is named once.';

COMMENT ON TABLE orders IS
    'What was bought. Orders are never deleted.';
COMMENT ON COLUMN orders.id IS
    'UUID v7 from the application; the default is for inserts by SQL.';
COMMENT ON COLUMN orders.number IS
    'What people call the order by: the day and forty random bits, so that it tells nobody how many there are.';
COMMENT ON COLUMN orders.user_id IS
    'The buyer.';
COMMENT ON COLUMN orders.status IS
    'Follows order_transitions; order_history has all states.';
COMMENT ON COLUMN orders.total IS
    'The sum of the items.';
COMMENT ON COLUMN orders.currency IS
    'ISO 4217.';
COMMENT ON COLUMN orders.shipping_address IS
    'Where to ship to, as it was when the order was placed.';
COMMENT ON COLUMN orders.note IS
    'What the buyer wrote; empty if nothing.';
COMMENT ON COLUMN orders.made_in IS
    'The transaction that placed the order, and the only one that can add items.';
COMMENT ON COLUMN orders.created_at IS
    'When the order was placed.';
COMMENT ON COLUMN orders.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN orders.version IS
    'Number of changes of the order, from 1; part of the ETag.';
COMMENT ON CONSTRAINT orders_pkey ON orders IS
    'The identity of an order.';
COMMENT ON CONSTRAINT orders_number_key ON orders IS
    'Two orders never share a number; another one is drawn.';
COMMENT ON INDEX orders_number_key IS
    'The order of a number.';
COMMENT ON CONSTRAINT orders_total ON orders IS
    'The total is the sum of the items when the transaction ends.';
COMMENT ON CONSTRAINT orders_user_id_fkey ON orders IS
    'The buyer exists, and stays while there are orders.';
COMMENT ON CONSTRAINT status_known ON orders IS
    'The states of an order.';
COMMENT ON CONSTRAINT total_not_negative ON orders IS
    'A total is not negative, and not NaN.';
COMMENT ON CONSTRAINT currency_format ON orders IS
    'Three capital letters.';
COMMENT ON CONSTRAINT shipping_address_object ON orders IS
    'An address is a JSON object.';
COMMENT ON CONSTRAINT note_length ON orders IS
    'A note has at most 500 characters.';
COMMENT ON CONSTRAINT version_in_range ON orders IS
    'A version is at least 1, and at most what JavaScript reads exactly.';
COMMENT ON CONSTRAINT times_representable ON orders IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
COMMENT ON INDEX orders_user_id_idx IS
    'The orders of a user, newest first.';
COMMENT ON INDEX orders_created_at_idx IS
    'All orders, newest first.';
COMMENT ON INDEX orders_status_idx IS
    'The orders in a state, newest first; the sweep reads the oldest pending ones.';

COMMENT ON TABLE order_items IS
    'The lines of orders as sold: later changes of the product do not reach them.';
COMMENT ON COLUMN order_items.order_id IS
    'The order.';
COMMENT ON COLUMN order_items.line IS
    'Position in the order, from 1.';
COMMENT ON COLUMN order_items.product_id IS
    'The product that was sold.';
COMMENT ON COLUMN order_items.sku IS
    'Its SKU at that time; empty if it had none.';
COMMENT ON COLUMN order_items.name IS
    'Its name at that time.';
COMMENT ON COLUMN order_items.unit_price IS
    'Its price at that time.';
COMMENT ON COLUMN order_items.quantity IS
    'Pieces.';
COMMENT ON COLUMN order_items.line_total IS
    'Price times pieces.';
COMMENT ON CONSTRAINT order_items_pkey ON order_items IS
    'The place of an item in its order.';
COMMENT ON CONSTRAINT order_items_order_id_fkey ON order_items IS
    'The order exists.';
COMMENT ON CONSTRAINT order_items_product_id_fkey ON order_items IS
    'The product exists; what was sold is never purged.';
COMMENT ON CONSTRAINT line_positive ON order_items IS
    'An order has at most a hundred lines.';
COMMENT ON CONSTRAINT unit_price_in_range ON order_items IS
    'A price as products have it.';
COMMENT ON CONSTRAINT quantity_in_range ON order_items IS
    'One to ten thousand pieces.';
COMMENT ON INDEX order_items_product_id_idx IS
    'The orders of a product.';

COMMENT ON TABLE order_history IS
    'The states of orders, each with its time; only ever appended to.';
COMMENT ON COLUMN order_history.order_id IS
    'The order.';
COMMENT ON COLUMN order_history.version IS
    'The version of the order since then.';
COMMENT ON COLUMN order_history.old IS
    'The state before; NULL for the first.';
COMMENT ON COLUMN order_history.status IS
    'The state since then.';
COMMENT ON COLUMN order_history.at IS
    'When it changed.';
COMMENT ON COLUMN order_history.actor_id IS
    'The account that changed it; NULL for SQL, commands and sweeps. A pseudonym: no foreign key.';
COMMENT ON COLUMN order_history.note IS
    'What the actor wrote; empty if nothing.';
COMMENT ON CONSTRAINT order_history_pkey ON order_history IS
    'One entry a version.';
COMMENT ON CONSTRAINT order_history_order_id_fkey ON order_history IS
    'The order exists.';
COMMENT ON CONSTRAINT order_history_transition_fkey ON order_history IS
    'A state follows another one along a transition.';
COMMENT ON CONSTRAINT old_unless_first ON order_history IS
    'All but the first entry have a state before.';
COMMENT ON CONSTRAINT first_is_pending ON order_history IS
    'An order begins as pending.';
COMMENT ON CONSTRAINT note_length ON order_history IS
    'A note has at most 500 characters.';
COMMENT ON FUNCTION record_order_status() IS
    'Appends a state to the history of an order.';
COMMENT ON FUNCTION refuse_late_items() IS
    'Refuses items of an order that another transaction has placed.';
COMMENT ON FUNCTION check_order_total() IS
    'Refuses, at the end of the transaction, an order whose total is not the sum of its items.';
