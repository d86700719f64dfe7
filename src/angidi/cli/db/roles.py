"""`angidi db roles`: the roles that serve, read and back up, each with no more rights than it needs."""

from collections.abc import Mapping

import click
from msgspec import json

from angidi.cli.context import resolve_database
from angidi.cli.options import json_option
from angidi.cli.tables import print_table
from angidi.config import load, read_variable
from angidi.db import provision
from angidi.db.conninfo import DatabaseUrls, parse_conninfo
from angidi.db.roles import PURPOSES, Purpose, RoleSetup, SetupResult


@click.command()
@click.option(
    "--app", metavar="ROLE", help="Who serves (default: DATABASE_URL's user, else the database's name and _app)."
)
@click.option("--readonly", metavar="ROLE", help="Who reads (default: the database's name and _readonly).")
@click.option("--backup", metavar="ROLE", help="Who dumps (default: the database's name and _backup).")
@click.option(
    "--admin-url", envvar="ADMIN_DATABASE_URL", help="URL of a superuser who makes the roles (default: the owner's)."
)
@click.option("--dry-run", is_flag=True, help="Print the SQL, without passwords, and change nothing.")
@json_option
def roles(*, admin_url: str | None, dry_run: bool, as_json: bool, **names: str | None) -> None:
    """Set up the roles of the database: owner, app, readonly and backup.

    The owner, whom DATABASE_DIRECT_URL names, owns the tables and migrates. With --admin-url the owner and the database
    are created, too, if they are missing. The app serves: it reads and writes rows, but only appends to the stock
    ledger, to orders' lines and to their history. The readonly role sees no password hashes and tokens. The backup role
    is for pg_dump. These three have time limits.

    Run it again to restore rights that were changed, and after migrations: the app may use new tables at once, the
    readonly role only then.

    Passwords come from DB_APP_PASSWORD, DB_READONLY_PASSWORD and DB_BACKUP_PASSWORD in the environment or .env, for a
    new app also from DATABASE_URL. A new role without one gets a random one, which is printed only then.
    """
    with resolve_database(load()) as where:
        if admin_url and not dry_run:
            provision.create(admin_url, where.direct)
        named = _names(where, names)
        setup = RoleSetup(where.direct, admin_url, named, _passwords(), _serving_password(where, named))
        result = setup.run(dry_run=dry_run)
    if as_json:
        click.echo(json.encode(result))
    elif dry_run:
        click.echo("".join(f"{statement};\n" for statement in result.statements), nl=False)
    else:
        _print(result)


def _names(where: DatabaseUrls, given: Mapping[str, str | None]) -> dict[Purpose, str]:
    """Return the names that are given. Whoever serves by now, and is not the owner, is the app."""
    serving, owner = (parse_conninfo(url).get("user") for url in (where.main, where.direct))
    names: dict[Purpose, str] = {purpose: name for purpose in PURPOSES if (name := given[purpose])}
    if serving and serving != owner:
        names.setdefault("app", serving)
    return names


def _passwords() -> dict[Purpose, str]:
    """Return the passwords that the environment or `.env` names, by purpose."""
    named: dict[Purpose, str | None] = {each: read_variable(f"DB_{each.upper()}_PASSWORD") for each in PURPOSES}
    return {purpose: password for purpose, password in named.items() if password}


def _serving_password(where: DatabaseUrls, names: Mapping[Purpose, str]) -> dict[Purpose, str]:
    """Return the password that DATABASE_URL has for the app, if it names it."""
    serving = parse_conninfo(where.main)
    password = serving.get("password")
    return {"app": password} if password and names.get("app") == serving.get("user") else {}


def _print(result: SetupResult) -> None:
    print_table(
        ("role", "for", "", "password"),
        [
            (each.role, each.purpose, "created" if each.created else "is there", each.password or "")
            for each in result.roles
        ],
    )
    app = next(each.role for each in result.roles if each.purpose == "app")
    click.echo(f"\nnext: DATABASE_URL names {app}, and DATABASE_DIRECT_URL the owner, {result.owner}")
