"""The commands that check files and database, and repair."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from angidi.migrate.checks import lint as linting
from angidi.migrate.checks import plan as planning
from angidi.migrate.checks import repair as repairing
from angidi.migrate.checks import verify as verifying
from angidi.migrate.checks.catalogue import UNSEEN, shortened
from angidi.migrate.checks.rewrites import Downtime, downtimes
from angidi.migrate.checks.schema import is_utc
from angidi.migrate.database.url import parse_target
from angidi.migrate.errors import NIL, MigrateError
from angidi.migrate.files.script import Script
from angidi.migrate.files.steps import Step
from angidi.migrate.golang.times import duration
from angidi.migrate.run.runner import Migrate

from .context import Context, CreatingCommand, MigrateCommand, print_line


@click.command(cls=MigrateCommand, context_settings={"ignore_unknown_options": True})
@click.argument("version", type=click.IntRange(min=-1), required=False)
@click.option("--sql", "as_sql", is_flag=True, help="Print the SQL.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Run it in one transaction that is rolled back, as far as files allow it; show the locks, which are real.",
)
@click.pass_obj
def plan(context: Context, version: int | None, as_sql: bool, dry_run: bool) -> None:
    """Show what `up`, or going to VERSION, would do."""
    with context.opened() as migrate:
        scripts = planning.steps_to(migrate, version)
        if dry_run:
            _rehearse(context, migrate, scripts)
            return
        downtime = {each.step: each for each in downtimes(migrate.session.connection, scripts)}
    rows = [_row(script, downtime.get(script.step)) for script in scripts]
    context.show(rows, lambda: _print_plan(scripts, downtime, as_sql))


def _row(script: Script, downtime: Downtime | None) -> dict[str, object]:
    row: dict[str, object] = {
        "step": script.step.label,
        "mode": script.execution_mode,
        "after": script.step.target,
        "sql": script.text,
    }
    return row | ({"downtime": downtime.document()} if downtime else {})


def _print_plan(scripts: list[Script], downtime: dict[Step, Downtime], as_sql: bool) -> None:
    if not scripts:
        print_line("no change")
    comment = "-- " if as_sql else ""
    for script in scripts:
        click.echo(f"{comment}{script.step.label} ({script.execution_mode})")
        if script.step in downtime:
            click.echo(f"{comment}{downtime[script.step]}")
        if as_sql:
            click.echo(script.text)


def _rehearse(context: Context, migrate: Migrate, scripts: list[Script]) -> None:
    atomic, end = planning.split_rehearsal(scripts)
    if atomic and planning.is_live(migrate):
        print_line(
            f"This takes the real locks of {len(atomic)} files, and holds them until it has run them all and rolled"
            f" back; others wait that long. A lock that is not free within {planning.LOCK_TIMEOUT:g} s ends it."
        )
    done = list(planning.rehearse(migrate, atomic)) if atomic else []
    rehearsed = [each for each in done if isinstance(each, planning.Rehearsed)]
    end = next((each for each in done if isinstance(each, planning.NotRehearsed)), end)
    context.show(_rehearsal_document(rehearsed, end), lambda: _print_rehearsal(rehearsed, end))


def _rehearsal_document(done: list[planning.Rehearsed], end: planning.NotRehearsed | None) -> dict[str, object]:
    rows = [{"step": r.step.label, "statement": r.statement, "seconds": r.seconds, "locks": r.locks} for r in done]
    return {"statements": rows, "ends_before": {"step": end.step.label, "reason": end.reason} if end else None}


def _print_rehearsal(done: list[planning.Rehearsed], end: planning.NotRehearsed | None) -> None:
    for each in done:
        _print_rehearsed(each)
    if end:
        click.echo(f"{end.step.label} and what comes after it is not rehearsed: {end.reason}")


def _print_rehearsed(done: planning.Rehearsed) -> None:
    statement = " ".join(done.statement.split())
    click.echo(f"{done.step.label}: {statement[:90]} ({duration(round(done.seconds, 6))})")
    for table, mode in done.locks:
        click.echo(f"    {mode} on {table}")


@click.command(cls=MigrateCommand)
@click.option("--github", is_flag=True, help="Print annotations for a GitHub workflow.")
@click.option("--summary", is_flag=True, help="Print the number of findings by rule only.")
@click.option("--pg-version", type=int, default=15, show_default=True, help="Oldest server to lint for.")
@click.option("--time-zone", default="UTC", show_default=True, help="TimeZone of the sessions that run the files.")
@click.pass_obj
def lint(context: Context, *, github: bool, summary: bool, pg_version: int, time_zone: str) -> None:
    """Find what would hurt in production; exits with 1 for findings.

    Types of columns, indexes and tables are followed from file to file, as the server would: a change that rewrites
    nothing is no finding. What a DO block runs is checked, what a function does is not.
    """
    findings = linting.lint(context.source(), pg_version, is_utc=is_utc(time_zone))
    lines = [each.github() for each in findings] if github else _lines(findings, summary=summary)
    context.show([asdict(each) for each in findings], lambda: click.echo("\n".join(lines or ["no findings"])))
    sys.exit(1 if findings else 0)


def _lines(findings: list[linting.LintFinding], *, summary: bool) -> list[str]:
    """Return a line for each finding, those about down files apart, unless for a summary; and one for each rule."""
    if summary:
        return _summary(findings)
    ups, downs = ([str(each) for each in findings if each.direction == way] for way in ("up", "down"))
    return [*ups, *(["", "On the way down:", *downs] if downs else []), *_summary(findings)]


def _summary(findings: list[linting.LintFinding]) -> list[str]:
    """Return a line for each rule."""
    rows = linting.summary(findings)
    width = max((len(rule) for rule, _, _ in rows), default=0)
    lines = [f"{rule:<{width}} {ups:>5} {downs:>6}" for rule, ups, downs in rows]
    return ["", f"{'':<{width}} {'up':>5} {'down':>6}", *lines] if rows else ["no findings"]


@click.command(cls=CreatingCommand)  # a scratch database needs a server, but no database of ours
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="File of SQL that makes what has to be there before the first version; several are run in order.",
)
@click.pass_obj
def verify(context: Context, before: tuple[Path, ...]) -> None:
    """Prove on scratch databases that each down file undoes its up file; exits with 1 for findings.

    Each version is undone and applied again on a copy, so that one that fails hides no other. All schemas
    are compared, with owners and grants, and what the tables hold.
    """
    with context.resolve_database() as address:
        findings = verifying.verify(context.source(), parse_target(address), print_line, before)
    context.show([asdict(each) for each in findings], lambda: _print_verified(findings))
    sys.exit(1 if findings else 0)


def _print_verified(findings: list[verifying.VerifyFinding]) -> None:
    for each in findings:
        name = "all" if each.version == NIL else each.version
        click.echo(f"{name} {each.when}:\n  " + "\n  ".join(shortened(each.lines)))
    versions = len({each.version for each in findings})
    click.echo(
        f"{len(findings)} findings in {versions} versions"
        if findings
        else "every version goes up, down and up again, and leaves the same"
    )
    click.echo("not looked at: " + ", ".join(UNSEEN))


@click.command(cls=MigrateCommand)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.pass_obj
def repair(context: Context, yes: bool) -> None:
    """Explain a dirty database and set it right."""
    with context.opened(lock_timeout=1.0) as migrate:
        diagnosis = repairing.diagnose(migrate)
        context.show(asdict(diagnosis), lambda: _explain(diagnosis))
        if diagnosis.dirty is None:
            return
        if not diagnosis.fixable:
            raise MigrateError(
                f"version {diagnosis.dirty} stays dirty: {diagnosis.reason}. Next: `force {diagnosis.dirty}` if all of "
                "it is there, else undo what is left and `force` the version before"
            )
        if not yes:
            click.confirm(f"Record version {diagnosis.version} as current and clean?", abort=True, err=True)
        repairing.repair(migrate, diagnosis)
        print_line(f"repaired: version {diagnosis.version}")


def _explain(diagnosis: repairing.Diagnosis) -> None:
    click.echo(diagnosis.reason)
    for line in diagnosis.running:
        click.echo(f"running: {line}")
    for index in diagnosis.invalid:
        click.echo(f"invalid index: {index}")
    for index in diagnosis.indexes:
        click.echo(f"to be dropped: {index}")


COMMANDS = [plan, lint, verify, repair]
