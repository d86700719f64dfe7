"""Options that several commands have."""

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Report as one JSON object on standard output.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask. Required where standard input is no terminal.")
password_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)
