"""What `angidi doctor` and `angidi verify` have in common."""

import sys
from typing import NoReturn

import click
from msgspec import json

from angidi.cli.schema_state import read_schema_state
from angidi.db.diagnostics.consistency import rebuild, run_checks
from angidi.db.diagnostics.results import CheckResult, finding
from angidi.db.inspection import connect


def check_schema(conninfo: str) -> CheckResult:
    """Compare the schema version with the migrations. Raises `Dirty`."""
    state = read_schema_state(conninfo)
    differing = [f"migration {version:06} is pending: angidi migrate up" for version in state.pending]
    if state.ahead:
        differing = [f"version {state.version} is newer than this program"]
    return finding("migrations", differing)


def check_data(conninfo: str, *, rebuilding: bool) -> list[CheckResult]:
    """Check the data after rebuilding what differs, if `rebuilding`. The schema must be up to date."""
    with connect(conninfo) as conn:
        rebuilt = [rebuild(conn)] if rebuilding else []
        return [*run_checks(conn), *(each for each in rebuilt if each.differs)]


def report_checks(results: list[CheckResult], *, as_json: bool) -> NoReturn:
    """Print the results, and exit with 1 if something differs, else with 0."""
    ok = not any(each.differs for each in results)
    if as_json:
        click.echo(json.encode({"ok": ok, "checks": results}))
    else:
        for each in results:
            _print(each)
    sys.exit(not ok)


def _print(result: CheckResult) -> None:
    verdict = "DIFFERS" if result.differs else "WARNING" if result.warns else "ok"
    click.echo(f"{verdict:<8} {result.check}")
    for text in result.sample:
        click.echo(f"         {text}")
    if result.differs > len(result.sample):
        click.echo(f"         and {result.differs - len(result.sample):,} more")
