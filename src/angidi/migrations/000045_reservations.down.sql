-- squawk-ignore-file ban-drop-table
-- Live reservations hold stock, which would be lost.
DO $$
BEGIN
    IF EXISTS (SELECT FROM reservations WHERE state = 'live') THEN
        RAISE EXCEPTION 'there are live reservations, whose stock going down would lose'
            USING HINT = 'Wait until they have expired and the job worker has given their stock back. '
                         'Nothing has been changed.';
    END IF;
END
$$;

DROP TABLE reservation_items;
DROP TABLE reservations;
