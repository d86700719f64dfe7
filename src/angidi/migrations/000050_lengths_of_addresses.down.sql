-- migrate:ignore not-undone: that all addresses keep the lengths stays true, and no constraint is unvalidated.
COMMENT ON INDEX orders_user_id_status_idx IS NULL;
