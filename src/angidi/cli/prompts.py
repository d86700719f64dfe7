"""Questions on a terminal, and passwords that are no argument of a command."""

import sys

import click


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal, unless `yes`. Raises `click.Abort` for a no, `click.UsageError` without a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("standard input is no terminal to ask on: give --yes")
    click.confirm(question, abort=True, err=True)


def prompt_password() -> str:
    """Ask twice for a password without showing it. Raises `click.Abort` if the input ends."""
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)


def read_password() -> str:
    """Return the password on standard input, without a line break at its end. Raises `click.UsageError`."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise click.UsageError("the password on standard input is not UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")
