DROP INDEX CONCURRENTLY users_admin_active_idx;
