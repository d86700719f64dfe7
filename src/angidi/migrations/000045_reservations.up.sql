-- Stock that is held for a checkout which pays elsewhere. A reservation takes from the stock at once, and gives back when
-- it is deleted or expires; an order takes it over.
-- Integers: lines are at most 100, quantities at most 10,000.
-- squawk-ignore-file prefer-bigint-over-int
CREATE TABLE reservations (
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL,
    state      text NOT NULL DEFAULT 'live',
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reservations_pkey PRIMARY KEY (id),
    CONSTRAINT reservations_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT state_known CHECK (state IN ('live', 'used', 'expired')),
    CONSTRAINT times_representable CHECK (is_representable(created_at) AND is_representable(expires_at))
);

CREATE INDEX reservations_user_id_idx ON reservations (user_id);
CREATE INDEX reservations_expires_at_idx ON reservations (expires_at) WHERE state = 'live';
CREATE INDEX reservations_expired_idx ON reservations (expires_at) WHERE state = 'expired';

CREATE TABLE reservation_items (
    reservation_id uuid NOT NULL,
    line           integer NOT NULL,
    product_id     uuid NOT NULL,
    quantity       integer NOT NULL,
    CONSTRAINT reservation_items_pkey PRIMARY KEY (reservation_id, line),
    CONSTRAINT reservation_items_reservation_id_fkey
        FOREIGN KEY (reservation_id) REFERENCES reservations (id) ON DELETE CASCADE,
    CONSTRAINT reservation_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT,
    CONSTRAINT line_positive CHECK (line BETWEEN 1 AND 100),
    CONSTRAINT quantity_in_range CHECK (quantity BETWEEN 1 AND 10000)
);

CREATE INDEX reservation_items_product_id_idx ON reservation_items (product_id);

COMMENT ON TABLE reservations IS
    'Stock that is held for a checkout until a time.';
COMMENT ON COLUMN reservations.id IS
    'UUID v7 from the application; the default is for inserts by SQL.';
COMMENT ON COLUMN reservations.user_id IS
    'The account that it is held for.';
COMMENT ON COLUMN reservations.state IS
    'live: the stock is held; used: an order has taken it over; expired: it was given back.';
COMMENT ON COLUMN reservations.expires_at IS
    'From then on it cannot be used, and the next sweep gives the stock back.';
COMMENT ON COLUMN reservations.created_at IS
    'When it was made.';
COMMENT ON CONSTRAINT reservations_pkey ON reservations IS
    'The identity of a reservation.';
COMMENT ON CONSTRAINT reservations_user_id_fkey ON reservations IS
    'The account exists.';
COMMENT ON CONSTRAINT state_known ON reservations IS
    'The states of a reservation.';
COMMENT ON CONSTRAINT times_representable ON reservations IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
COMMENT ON INDEX reservations_user_id_idx IS
    'The reservations of a user, to be counted.';
COMMENT ON INDEX reservations_expires_at_idx IS
    'What the sweep looks for.';
COMMENT ON TABLE reservation_items IS
    'What a reservation holds.';
COMMENT ON COLUMN reservation_items.reservation_id IS
    'The reservation.';
COMMENT ON COLUMN reservation_items.line IS
    'Position in the reservation, from 1.';
COMMENT ON COLUMN reservation_items.product_id IS
    'The product.';
COMMENT ON COLUMN reservation_items.quantity IS
    'Pieces.';
COMMENT ON CONSTRAINT reservation_items_pkey ON reservation_items IS
    'The place of an item in its reservation.';
COMMENT ON CONSTRAINT reservation_items_reservation_id_fkey ON reservation_items IS
    'The reservation exists; its items go with it.';
COMMENT ON CONSTRAINT reservation_items_product_id_fkey ON reservation_items IS
    'The product exists, and is not purged meanwhile.';
COMMENT ON CONSTRAINT line_positive ON reservation_items IS
    'A reservation has at most a hundred lines.';
COMMENT ON CONSTRAINT quantity_in_range ON reservation_items IS
    'One to ten thousand pieces.';
COMMENT ON INDEX reservations_expired_idx IS
    'What the sweep of old ones looks for.';
COMMENT ON INDEX reservation_items_product_id_idx IS
    'The reservations of a product.';
