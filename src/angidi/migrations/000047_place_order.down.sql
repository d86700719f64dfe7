-- squawk-ignore-file ban-drop-function, ban-drop-view
DROP FUNCTION expire_reservations(integer);
DROP FUNCTION cancel_pending_orders(timestamptz, integer);
DROP FUNCTION place_order(uuid, text, uuid, uuid, uuid[], integer[], uuid, jsonb, text, numeric, text, jsonb, text, bytea);
DROP FUNCTION use_reservation(uuid, uuid);
DROP FUNCTION return_stock(uuid[], integer[]);
DROP FUNCTION take_stock(uuid[], integer[]);
DROP FUNCTION lock_products(uuid[]);
DROP FUNCTION refuse_lines(uuid[], integer[]);
DROP VIEW shown_orders;
