"""`angidi migrate …`: schema versions of the configured database."""

import click


@click.group("migrate")
def group() -> None:
    """Apply and undo schema migrations."""
