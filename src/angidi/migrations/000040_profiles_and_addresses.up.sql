-- What an account keeps about its person: at most one profile, and up to fifty addresses to ship to.
CREATE TABLE user_profiles (
    user_id    uuid NOT NULL,
    phone      text NOT NULL DEFAULT '',
    address    text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    bigint NOT NULL DEFAULT 1,
    CONSTRAINT user_profiles_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT phone_length CHECK (char_length(phone) <= 32),
    CONSTRAINT address_length CHECK (char_length(address) <= 500),
    CONSTRAINT version_in_range CHECK (version BETWEEN 1 AND 9007199254740991),
    CONSTRAINT times_representable CHECK (is_representable(created_at) AND is_representable(updated_at))
);

CREATE TABLE addresses (
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id     uuid NOT NULL,
    recipient   text NOT NULL,
    line1       text NOT NULL,
    line2       text NOT NULL DEFAULT '',
    city        text NOT NULL,
    region      text NOT NULL DEFAULT '',
    postal_code text NOT NULL DEFAULT '',
    country     text NOT NULL,
    is_default  boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    version     bigint NOT NULL DEFAULT 1,
    CONSTRAINT addresses_pkey PRIMARY KEY (id),
    CONSTRAINT addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT recipient_visible CHECK (is_visible(recipient)),
    CONSTRAINT line1_visible CHECK (is_visible(line1)),
    CONSTRAINT city_visible CHECK (is_visible(city)),
    CONSTRAINT country_format CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT version_in_range CHECK (version BETWEEN 1 AND 9007199254740991),
    CONSTRAINT times_representable CHECK (is_representable(created_at) AND is_representable(updated_at))
);

-- In the order in which they are listed.
CREATE INDEX addresses_user_id_idx ON addresses (user_id, created_at, id);

CREATE UNIQUE INDEX addresses_default_key ON addresses (user_id) WHERE is_default;

CREATE TRIGGER user_profiles_version
    BEFORE UPDATE ON user_profiles
    FOR EACH ROW
    WHEN ((OLD.phone, OLD.address, OLD.version) IS DISTINCT FROM (NEW.phone, NEW.address, NEW.version))
    EXECUTE FUNCTION next_version();

CREATE TRIGGER addresses_version
    BEFORE UPDATE ON addresses
    FOR EACH ROW
    WHEN ((OLD.recipient, OLD.line1, OLD.line2, OLD.city, OLD.region, OLD.postal_code, OLD.country, OLD.is_default,
           OLD.version)
          IS DISTINCT FROM
          (NEW.recipient, NEW.line1, NEW.line2, NEW.city, NEW.region, NEW.postal_code, NEW.country, NEW.is_default,
           NEW.version))
    EXECUTE FUNCTION next_version();

COMMENT ON TABLE user_profiles IS
    'How to reach a person. A user without a row has an empty profile.';
COMMENT ON COLUMN user_profiles.user_id IS
    'The user, and the identity of the profile.';
COMMENT ON COLUMN user_profiles.phone IS
    'As the person wrote it; empty if there is none.';
COMMENT ON COLUMN user_profiles.address IS
    'A postal address as one text; empty if there is none. Orders are shipped to a row of addresses.';
COMMENT ON COLUMN user_profiles.created_at IS
    'When the profile was first written.';
COMMENT ON COLUMN user_profiles.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN user_profiles.version IS
    'Number of changes of the profile, from 1; part of the ETag.';
COMMENT ON CONSTRAINT user_profiles_pkey ON user_profiles IS
    'A user has at most one profile.';
COMMENT ON CONSTRAINT user_profiles_user_id_fkey ON user_profiles IS
    'The user exists; the profile goes with it.';
COMMENT ON CONSTRAINT phone_length ON user_profiles IS
    'A number has at most 32 characters.';
COMMENT ON CONSTRAINT address_length ON user_profiles IS
    'An address has at most 500 characters.';
COMMENT ON CONSTRAINT version_in_range ON user_profiles IS
    'A version is at least 1, and at most what JavaScript reads exactly.';
COMMENT ON CONSTRAINT times_representable ON user_profiles IS
    'Times lie in the years 1 to 9999, so that every client can read them.';

COMMENT ON TABLE addresses IS
    'Addresses to ship to. A user has at most fifty, one of them the default.';
COMMENT ON COLUMN addresses.id IS
    'UUID v7 from the application; the default is for inserts by SQL.';
COMMENT ON COLUMN addresses.user_id IS
    'The user whose address it is.';
COMMENT ON COLUMN addresses.recipient IS
    'The name on the parcel.';
COMMENT ON COLUMN addresses.line1 IS
    'Street and number, or what stands for them.';
COMMENT ON COLUMN addresses.line2 IS
    'A second line; empty if there is none.';
COMMENT ON COLUMN addresses.city IS
    'The town.';
COMMENT ON COLUMN addresses.region IS
    'State, province or county; empty if there is none.';
COMMENT ON COLUMN addresses.postal_code IS
    'As the country writes it; empty if there is none.';
COMMENT ON COLUMN addresses.country IS
    'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN addresses.is_default IS
    'Whether this is the one that a checkout proposes.';
COMMENT ON COLUMN addresses.created_at IS
    'When the address was created.';
COMMENT ON COLUMN addresses.updated_at IS
    'When the row was last changed.';
COMMENT ON COLUMN addresses.version IS
    'Number of changes of the address, from 1; part of the ETag.';
COMMENT ON CONSTRAINT addresses_pkey ON addresses IS
    'The identity of an address.';
COMMENT ON CONSTRAINT addresses_user_id_fkey ON addresses IS
    'The user exists; the addresses go with it.';
COMMENT ON CONSTRAINT recipient_visible ON addresses IS
    'A recipient has a visible character.';
COMMENT ON CONSTRAINT line1_visible ON addresses IS
    'A first line has a visible character.';
COMMENT ON CONSTRAINT city_visible ON addresses IS
    'A city has a visible character.';
COMMENT ON CONSTRAINT country_format ON addresses IS
    'Two capital letters; which of them are countries, the application knows.';
COMMENT ON CONSTRAINT version_in_range ON addresses IS
    'A version is at least 1, and at most what JavaScript reads exactly.';
COMMENT ON CONSTRAINT times_representable ON addresses IS
    'Times lie in the years 1 to 9999, so that every client can read them.';
COMMENT ON INDEX addresses_user_id_idx IS
    'The addresses of a user, oldest first.';
COMMENT ON INDEX addresses_default_key IS
    'A user has at most one default address.';
