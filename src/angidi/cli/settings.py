"""`angidi config …`: the settings, and where they come from."""

import click
from msgspec import json

from angidi.cli.options import json_option
from angidi.cli.tables import print_table
from angidi.config import ConfigError, SettingsDescription, describe, load
from angidi.db.conninfo import mask_password


@click.group("config")
def group() -> None:
    """Show the settings."""


@group.command()
@json_option
def show(*, as_json: bool) -> None:
    """Show every setting, its value, and where it was read from. Secrets are masked.

    Also names what was ignored: names that are no setting, with the one that was probably meant, and files that do not
    exist.

    Exit codes: 0 done · 78 a setting is wrong; all are shown nevertheless.
    """
    described = describe(lambda name, value: mask_password(value) if name.endswith("_url") else "***")
    wrong = _problems()
    if as_json:
        ignored = [{**each._asdict(), "warning": str(each)} for each in described.ignored]
        settings = [each._asdict() for each in described.settings]
        document = {"settings": settings, "ignored": ignored, "notes": described.notes, "wrong": wrong}
        click.echo(json.encode(document))
    else:
        _print(described)
    if wrong:
        raise ConfigError("\n".join(wrong))


def _problems() -> list[str]:
    try:
        load()
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _print(described: SettingsDescription) -> None:
    print_table(("setting", "value", "read from"), described.settings)
    for note in [*map(str, described.ignored), *described.notes]:
        click.echo(f"note: {note}", err=True)
