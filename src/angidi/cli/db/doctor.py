"""`angidi doctor`: checks of settings and server."""

from collections.abc import Iterator

import click

from angidi.cli.context import resolve_database
from angidi.cli.db.checks import check_data, check_schema, report_checks
from angidi.cli.options import json_option
from angidi.config import ignored_settings, load, setting_warnings
from angidi.db.diagnostics.consistency import check_collation
from angidi.db.diagnostics.results import CheckResult, finding, warning
from angidi.db.diagnostics.versions import known_holes
from angidi.db.inspection import connect, read_encoding


@click.command()
@click.option("--rebuild", "rebuilding", is_flag=True, help="Do what `angidi verify --rebuild` does, too.")
@json_option
def doctor(*, rebuilding: bool, as_json: bool) -> None:
    """Check settings and server; `angidi verify` verifies the data.

    Checks migrations, encoding and collation, and warns of names that are no setting, of a weak JWT_PREVIOUS_SECRET,
    and of a server version with published vulnerabilities.

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
            results += check_data(where.direct, rebuilding=True) if rebuilding else []
    report_checks(results, as_json=as_json)


def _server(conninfo: str) -> Iterator[CheckResult]:
    encoding, usual = read_encoding(conninfo)
    unusual = [] if usual else [f"the encoding is {encoding}, or lower() treats É, İ or I unusually"]
    with connect(conninfo) as conn:
        holes = known_holes(conn.info.server_version)
        yield warning("server version", [holes] if holes else [])
        yield finding("characters", unusual)
        yield check_collation(conn)
