-- Changes nothing: the former texts are not kept.
DO $$
BEGIN
    RAISE NOTICE 'names, descriptions and SKUs stay in the form to which they were brought';
END
$$;
