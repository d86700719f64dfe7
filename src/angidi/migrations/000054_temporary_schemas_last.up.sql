-- Every function looks into temporary schemas last, as since version 48 those do that write the ledger. Otherwise a role
-- that may only write rows makes a temporary table `order_history`, and an order takes any state, without an entry.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

ALTER FUNCTION add_product_search() SET search_path FROM CURRENT;
ALTER FUNCTION cancel_pending_orders(timestamptz, integer) SET search_path FROM CURRENT;
ALTER FUNCTION change_product_search() SET search_path FROM CURRENT;
ALTER FUNCTION check_email() SET search_path FROM CURRENT;
ALTER FUNCTION check_order_total() SET search_path FROM CURRENT;
ALTER FUNCTION claim_idempotency_key(uuid, text, bytea) SET search_path FROM CURRENT;
ALTER FUNCTION clear_list_counts() SET search_path FROM CURRENT;
ALTER FUNCTION close_moved_categories() SET search_path FROM CURRENT;
ALTER FUNCTION close_new_categories() SET search_path FROM CURRENT;
ALTER FUNCTION count_moved_product() SET search_path FROM CURRENT;
ALTER FUNCTION count_moved_user() SET search_path FROM CURRENT;
ALTER FUNCTION count_products() SET search_path FROM CURRENT;
ALTER FUNCTION count_users() SET search_path FROM CURRENT;
ALTER FUNCTION expire_reservations(integer) SET search_path FROM CURRENT;
ALTER FUNCTION fold_list_counts(text, uuid[]) SET search_path FROM CURRENT;
ALTER FUNCTION lock_products(uuid[]) SET search_path FROM CURRENT;
ALTER FUNCTION record_order_status() SET search_path FROM CURRENT;
ALTER FUNCTION refuse_late_items() SET search_path FROM CURRENT;
ALTER FUNCTION refuse_lines(uuid[], integer[]) SET search_path FROM CURRENT;
ALTER FUNCTION return_stock(uuid[], integer[]) SET search_path FROM CURRENT;
ALTER FUNCTION take_stock(uuid[], integer[]) SET search_path FROM CURRENT;
ALTER FUNCTION use_reservation(uuid, uuid) SET search_path FROM CURRENT;
ALTER FUNCTION words_in(text) SET search_path FROM CURRENT;
ALTER FUNCTION words_query(text, text, text) SET search_path FROM CURRENT;
