"""Addresses from settings, and what may be shown of them."""

import pytest
from pydantic import SecretStr

from angidi.config import ConfigError, Settings
from angidi.db.conninfo import (
    DatabaseUrls,
    bypass_pooler,
    libpq_environment,
    mask_password,
    parse_conninfo,
    resolve_urls,
)


def settings(**values: object) -> Settings:
    return Settings.model_construct(
        None, **{name: field.default for name, field in Settings.model_fields.items()} | values
    )


def test_the_parts_make_one_address_for_everything() -> None:
    where = resolve_urls(
        settings(db_host="db", db_user="u", db_password=SecretStr("p w"), db_name="n", db_sslmode="require")
    )
    assert parse_conninfo(where.main) == {
        "host": "db", "port": "5432", "user": "u", "password": "p w", "dbname": "n", "sslmode": "require",
    }  # fmt: skip
    assert where.main == where.read == where.direct


def test_a_url_wins_over_the_parts_and_passes_unchanged() -> None:
    url = "postgresql://u@a,b:5432,5433/n?target_session_attrs=read-write"
    assert resolve_urls(settings(database_url=SecretStr(url), db_host="x")).main == url


def test_reads_and_migrations_may_have_addresses_of_their_own() -> None:
    where = resolve_urls(
        settings(
            database_url=SecretStr("postgresql://a/n"),
            database_read_url=SecretStr("postgresql://b/n"),
            database_direct_url=SecretStr("postgresql://c/n"),
        )
    )
    assert [parse_conninfo(each)["host"] for each in (where.main, where.read, where.direct)] == ["a", "b", "c"]


def test_the_embedded_address_is_taken_where_it_is_given() -> None:
    assert resolve_urls(settings(db_host="embedded"), "postgresql:///x").main == "postgresql:///x"


def test_a_broken_url_is_told_without_its_text() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL") as refused:
        resolve_urls(settings(database_url=SecretStr("postgresql://u:hunter2@h/d?nonsense=1")))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql://h/d", "postgresql://h/d?sslmode=prefer"])
def test_production_refuses_a_url_that_may_go_unencrypted(url: str) -> None:
    with pytest.raises(ConfigError, match="encrypted"):
        resolve_urls(settings(angidi_env="production", database_url=SecretStr(url)))


def test_a_masked_address_has_no_password() -> None:
    assert parse_conninfo(mask_password("postgresql://u:hunter2@h/d"))["password"] == "***"
    assert "password" not in parse_conninfo(mask_password("postgresql://u@h/d"))
    secrets = "sslpassword=hunter2&oauth_client_secret=hunter2&scram_client_key=hunter2&scram_server_key=hunter2"
    assert "hunter" not in mask_password(f"postgresql://u@h/d?password=hunter2&{secrets}")


def test_an_address_can_be_given_to_programs_by_environment() -> None:
    found = libpq_environment("postgresql://u:p@h:1/d?sslmode=require")
    assert found == {
        "PGUSER": "u", "PGPASSWORD": "p", "PGHOST": "h", "PGPORT": "1", "PGDATABASE": "d", "PGSSLMODE": "require",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter@2@h/d",
        "postgresql://u:hunter/2@h/d",
        "postgresql://u:12/hunter2@h/d",
        "postgresql://u:12,x/hunter2@h/d",
        "postgresql://u:[hunter/2@h/d",
        "postgresql://u:5432/@hunter2@h/d",
    ],
)
def test_a_url_whose_password_would_be_cut_is_refused_and_never_shown(url: str) -> None:
    with pytest.raises(ConfigError, match="percent-encode") as refused:
        resolve_urls(settings(database_url=SecretStr(url)))
    assert "hunter" not in str(refused.value)
    assert mask_password(url) == "***"


@pytest.mark.parametrize("url", ["postgresql://[::1]:5432/d?application_name=a@b", "postgresql://h:1,i:2/d?user=u@x"])
def test_an_at_sign_outside_the_password_is_no_reason(url: str) -> None:
    assert resolve_urls(settings(database_url=SecretStr(url))).main == url


def test_past_a_pooler_the_role_that_serves_keeps_its_name_and_password() -> None:
    direct = "postgresql://owner:hunter2@db.example:5432/shop?sslmode=verify-full&sslcert=owner.crt"
    main = "postgresql://app:hunter3@pooler.example:6432/shop"
    assert parse_conninfo(bypass_pooler(DatabaseUrls(main, main, direct))) == {
        "user": "app",
        "password": "hunter3",
        "host": "db.example",
        "port": "5432",
        "dbname": "shop",
        "sslmode": "verify-full",
    }
    assert bypass_pooler(DatabaseUrls(main, main, main)) == main
