-- pg_trgm finds a text inside another; unaccent removes accents. Both belong to every PostgreSQL (Debian has
-- them in its postgresql package, others in postgresql-contrib) and are trusted: the right to create
-- in the database is enough. The message says what is missing.
DO $$
DECLARE
    wanted text;
    place  name;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['pg_trgm', 'unaccent'] LOOP
        IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = wanted) THEN
            RAISE EXCEPTION 'the extension % is not installed on this server', wanted
                USING HINT = 'Install the contrib modules of the server''s PostgreSQL (the package postgresql-contrib '
                             'on Red Hat and Alpine; Debian has them in postgresql), then migrate again.';
        END IF;

        BEGIN
            EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I', wanted);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION '% may not create the extension % in the database %', current_user, wanted,
                            current_database()
                USING ERRCODE = 'insufficient_privilege',
                      HINT = format('Let it (GRANT CREATE ON DATABASE %I TO %I), or create it as its owner '
                                    '(CREATE EXTENSION %I), then migrate again.',
                                    current_database(), current_user, wanted);
        END;

        SELECT nspname
          INTO place
          FROM pg_extension
          JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = wanted;
        IF NOT place = ANY (current_schemas(true)) THEN
            RAISE EXCEPTION 'the extension % is in the schema %, which is not in the search path', wanted, place
                USING HINT = format('Add it (ALTER DATABASE %I SET search_path = %s), then migrate again.',
                                    current_database(),
                                    concat_ws(', ', current_setting('search_path'), quote_ident(place)));
        END IF;
    END LOOP;
END
$$;
