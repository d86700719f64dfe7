"""`angidi doctor`: verification and rebuilding of derived data."""

import sys

import click
from msgspec import json

from angidi.cli.context import resolve_database
from angidi.cli.options import json_option
from angidi.cli.schema_state import read_schema_state
from angidi.config import load
from angidi.db.diagnostics.consistency import CheckResult, rebuild, run_checks
from angidi.db.diagnostics.former_times import future_rows
from angidi.db.diagnostics.versions import known_holes
from angidi.db.inspection import connect, read_encoding


@click.command()
@click.option("--rebuild", "rebuilding", is_flag=True, help="Rebuild what differs first.")
@json_option
def doctor(*, rebuilding: bool, as_json: bool) -> None:
    """Verify derived data and indexes.

    Compares the category tree with each category's parent, the totals of lists with the rows, the search table with the
    texts, and the keys in indexes with what the server computes now. Also checks migrations, triggers, constraints and
    encoding, and warns of a server version with published vulnerabilities, and of names, descriptions and SKUs in
    another form than new ones are stored in. Clients can use the shop meanwhile.

    --rebuild rebuilds tree, totals, search table and stale indexes. Readers are not blocked. Writers wait while tree
    and totals are rebuilt, about a second for a million products.

    Exit codes: 0 all is well, warnings included · 1 something differs.
    """
    with resolve_database(load()) as where:
        results = [_schema(where.direct)]
        if not results[0].differs:
            with connect(where.direct) as conn:
                rebuilt = [rebuild(conn)] if rebuilding else []
                checks = list(run_checks(conn))  # first, as it lifts the role's time limit, for what follows as well
                results += [
                    _server(conn.info.server_version),
                    _encoding(where.direct),
                    _times(future_rows(conn)),
                    *checks,
                ]
                results += [each for each in rebuilt if each.differs]
    ok = not any(finding.differs for finding in results)
    if as_json:
        click.echo(json.encode({"ok": ok, "checks": results}))
    else:
        for finding in results:
            _print(finding)
    sys.exit(not ok)


def _schema(conninfo: str) -> CheckResult:
    """Compare the schema version with the migrations. Raises `Dirty`."""
    state = read_schema_state(conninfo)
    differing = [f"migration {version:06} is pending: angidi migrate up" for version in state.pending]
    if state.ahead:
        differing = [f"version {state.version} is newer than this program"]
    return CheckResult("migrations", len(differing), differing)


def _server(version: int) -> CheckResult:
    holes = known_holes(version)
    return CheckResult("server version", sample=[holes] if holes else [], warns=bool(holes))


def _encoding(conninfo: str) -> CheckResult:
    encoding, usual = read_encoding(conninfo)
    what = [] if usual else [f"the encoding is {encoding}, or lower() treats É, İ or I unusually"]
    return CheckResult("characters", len(what), what)


def _times(future: list[str]) -> CheckResult:
    return CheckResult("times", sample=future, warns=bool(future))


def _print(finding: CheckResult) -> None:
    verdict = "DIFFERS" if finding.differs else "WARNING" if finding.warns else "ok"
    click.echo(f"{verdict:<8} {finding.check}")
    for text in finding.sample:
        click.echo(f"         {text}")
    if finding.differs > len(finding.sample):
        click.echo(f"         and {finding.differs - len(finding.sample):,} more")
