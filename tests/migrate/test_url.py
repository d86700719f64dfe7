import re

import pytest

from angidi.migrate import Locked, Migrate, OpenError, Source, parse_target
from angidi.migrate.database.locks import lock_id
from angidi.migrate.database.session import connect
from angidi.migrate.database.version_table import table_names

from .conftest import Scratch
from .tools import OURS, STRICT, Tool


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("postgres://u:p@h:1/d", {"user": "u", "password": "p", "host": "h", "port": "1", "dbname": "d"}),
        ("postgres://u:p%40%2F@h/d", {"user": "u", "password": "p@/", "host": "h", "dbname": "d"}),
        ("postgres://u:p@ss@h/d", {"user": "u", "password": "p@ss", "host": "h", "dbname": "d"}),
        ("postgres://u:p/s?s#s@h:5/d", {"user": "u", "password": "p/s?s#s", "host": "h", "port": "5", "dbname": "d"}),
        ("postgres://u:100%@h/d", {"user": "u", "password": "100%", "host": "h", "dbname": "d"}),
        ("postgres://h:5/d?passfile=a@b", {"host": "h", "port": "5", "dbname": "d", "passfile": "a@b"}),
        ("postgres://u@a:1,b:2/d", {"user": "u", "host": "a,b", "port": "1,2", "dbname": "d"}),
        ("postgres://u@[::1]:1/d", {"user": "u", "host": "::1", "port": "1", "dbname": "d"}),
        ("postgres:///d?host=/run/x&port=7", {"dbname": "d", "host": "/run/x", "port": "7"}),
        ("pgx5://u@h/d?dbname=e", {"user": "u", "host": "h", "dbname": "e"}),
        ("postgres://h/d?role=a b&sslinline=1", {"host": "h", "dbname": "d", "options": r"-c role=a\ b"}),
        ("postgres://h/d?x-unknown=1&sslmode=&port=1&port=2", {"host": "h", "dbname": "d", "port": "1"}),
        ("host=h dbname=d password='p w'", {"host": "h", "dbname": "d", "password": "p w"}),
    ],
)  # fmt: skip
def test_an_address_becomes_libpq_settings(url: str, settings: dict[str, str]):
    assert parse_target(url).connect == settings


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://h/app", "/app"), ("postgres://h/my%20db", "/my db"), ("postgres://h/", "/"),
        ("postgres://h", None), ("dbname=app", "/app"),
    ],
)  # fmt: skip
def test_the_lock_name_is_the_path_with_its_slash(url: str, name: str | None):
    assert parse_target(url).lock_name == name


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "failed to parse scheme from database URL: URL cannot be empty"),
        ("nothing", "failed to parse scheme from database URL: no scheme"),
        ("mysql://h/d", r"database driver: unknown driver mysql \(forgotten import\?\)"),
        ("POSTGRES://h/d", "unknown driver POSTGRES"),
        ("postgres://h/d?x-migrations-table-quoted=2", "Unable to parse option x-migrations-table-quoted: strconv"),
        ("postgres://h/d?x-statement-timeout=1s", 'strconv.Atoi: parsing "1s": invalid syntax'),
        ("pgx4://h/d?x-lock-strategy=none", "unknown lock strategy none"),
        ("postgres://u:secret@h:x/d", "host and port cannot be understood"),
        ("postgres://u:12/se@cret@h/d", "percent-encode"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_in_the_known_words(url: str, text: str):
    with pytest.raises(OpenError, match=text) as caught:
        parse_target(url)
    assert "cret" not in str(caught.value)


def test_strict_mode_refuses_a_raw_password_without_showing_it():
    with pytest.raises(OpenError, match="net/url: invalid userinfo") as caught:
        parse_target("postgres://u:se^cret@h/d", strict=True)
    assert "cret" not in str(caught.value)


def test_strict_mode_shows_no_end_of_a_password_that_it_takes_for_the_database():
    target = parse_target("postgres://u:12/se@cret@h/d", strict=True)
    assert target.redact('database "se@cret@h/d" does not exist') == 'database "xxxxx@h/d" does not exist'


@pytest.mark.parametrize("tool", [OURS, STRICT], ids=["default", "strict"])
@pytest.mark.parametrize("place", ["127.0.0.1:1/d", "127.0.0.1:x/d", "no.invalid/d"])
def test_no_message_shows_a_password(scratch: Scratch, tool: Tool, place: str):
    outcome = tool.run(scratch.folder, f"postgres://u:hush@{place}", "up")
    assert outcome.code == 1
    assert "hush" not in outcome.said


def test_a_target_does_not_show_its_password_when_printed():
    assert "hush" not in repr(parse_target("postgres://u:hush@h/d"))


@pytest.mark.parametrize(
    ("table", "quoted", "names"),
    [
        ("schema_migrations", False, ("here", "schema_migrations")),
        ("a.b", False, ("here", "a.b")),
        ('"m"', True, ("here", "m")),
        ('"s"."m"', True, ("s", "m")),
    ],
)
def test_the_tables_name_is_read_as_golang_migrate_reads_it(table: str, quoted: bool, names: tuple[str, str]):
    target = parse_target(f"postgres://h/d?x-migrations-table={table}&x-migrations-table-quoted={quoted}")
    assert table_names(target, "here") == names


@pytest.mark.parametrize("table", ['"a"."b"."c"', "schema_migrations", '""'])
def test_a_wrongly_quoted_table_is_refused(table: str):
    target = parse_target(f"postgres://h/d?x-migrations-table={table}&x-migrations-table-quoted=true")
    with pytest.raises(OpenError, match=r"must be quoted|too many dot characters"):
        table_names(target, "here")


def test_dates_mean_the_same_in_every_session(scratch: Scratch):
    """lib/pq sets the month first, whatever the server's default."""
    target = parse_target(scratch.with_query("datestyle=SQL, DMY"))
    with connect(parse_target(scratch.url)) as usual, connect(target) as context:
        assert usual.execute("SHOW datestyle").fetchone() == ("ISO, MDY",)
        assert context.execute("SHOW datestyle").fetchone() == ("SQL, DMY",)


VECTORS = [
    (("database_name",), 1764327054), (("database_name", "schema_name_1"), 2453313553),
    (("database_name", "schema_name_2"), 235207038),
    (("database_name", "schema_name_1", "schema_name_2"), 3743845847),
    (("/app", "public", "schema_migrations"), 1726534663), (("app", "public", "schema_migrations"), 1787120056),
    (("/app", "myschema", "schema_migrations"), 1634907418), (("/app", "public", "my_migrations"), 2473481503),
    (("/app", "public", "migrate.schema_migrations"), 1005890160),
    (("/app", "migrate", "schema_migrations"), 4026567997), (("/my db", "public", "schema_migrations"), 1248985818),
    (("/dbé", "public", "schema_migrations"), 3099396283), (("/", "public", "schema_migrations"), 2551455205),
    (("/postgres", "public", "schema_migrations"), 3280485947),
    (("postgres", "public", "schema_migrations"), 143310882), (("/app",), 198434227),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), VECTORS)
def test_the_lock_id_is_golang_migrates(parts: tuple[str, ...], expected: int):
    assert lock_id(*parts) == expected


def test_the_lock_table_of_pgx4_is_taken_and_given_back(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);", u2_b="SELECT 1")
    url = re.sub("^[a-z]+:", "pgx4:", scratch.with_query("sslmode=disable&x-lock-strategy=table"))
    with Migrate.open(Source(scratch.folder), url) as migrate:
        migrate.steps(1)
        assert scratch.run("SELECT lock_id FROM schema_lock") == []
        scratch.run(f"INSERT INTO schema_lock VALUES ({lock_id('/' + scratch.name)})")
        with pytest.raises(Locked, match="can't acquire lock"):
            migrate.up()
