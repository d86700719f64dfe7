"""`angidi doctor`: checks of settings and server."""

from collections.abc import Iterator

import click

from angidi.cli.context import resolve_database
from angidi.cli.db.checks import check_data, check_schema, report_checks
from angidi.cli.options import json_option
from angidi.config import ignored_settings, load, setting_warnings
from angidi.db.diagnostics.consistency import check_collation
from angidi.db.diagnostics.definitions import check_definitions
from angidi.db.diagnostics.results import CheckResult, finding, warning
from angidi.db.diagnostics.versions import known_holes
from angidi.db.inspection import connect, read_encoding
from angidi.db.roles import check_serving_role


@click.command()
@click.option("--rebuild", "rebuilding", is_flag=True, help="Do what `angidi verify --rebuild` does, too.")
@json_option
def doctor(*, rebuilding: bool, as_json: bool) -> None:
    """Check settings and server; `angidi verify` verifies the data.

    Checks migrations, encoding, collation, that constraints and functions are those of the migrations, and that the
    role that serves has the rights that it needs. Warns if it has others, of names that are no setting, of a weak
    JWT_PREVIOUS_SECRET, and of a server version with published vulnerabilities.

    Exit codes: 0 all is well, warnings included · 1 something differs.
    """
    settings = load()
    with resolve_database(settings) as where:
        results = [
            check_schema(where.direct),
            warning("settings", [*ignored_settings(), *setting_warnings(settings)]),
        ]
        if not results[0].differs:
            results += _server(where.direct)
            results.append(_serving_role(where.main))
            results += check_data(where.direct, rebuilding=True) if rebuilding else []
    report_checks(results, as_json=as_json)


def _serving_role(conninfo: str) -> CheckResult:
    check = check_serving_role(conninfo)
    if check.missing:
        return finding("serving role", [f"{line}: run `angidi db roles`" for line in check.missing])
    return warning("serving role", [f"{line}; `angidi db roles` sets up one with less" for line in check.excess])


def _server(conninfo: str) -> Iterator[CheckResult]:
    encoding, usual = read_encoding(conninfo)
    unusual = [] if usual else [f"the encoding is {encoding}, or lower() treats É, İ or I unusually"]
    with connect(conninfo) as conn:
        holes = known_holes(conn.info.server_version)
        yield warning("server version", [holes] if holes else [])
        yield finding("characters", unusual)
        yield check_collation(conn)
        yield check_definitions(conn)
