"""`angidi users …`: accounts."""

import click

from angidi.cli.context import with_services
from angidi.users.models import NewUser
from angidi.validation.fields import build


@click.group("users")
def group() -> None:
    """Create accounts."""


@group.command()
@click.option("--email", prompt="Email address", help="The address to log in with.")
@click.option("--name", prompt="Name", help="The name to show.")
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="8 to 128 characters, 12 for admins.",
)
@click.option("--admin", is_flag=True, help="Create an admin.")
def create(*, email: str, name: str, password: str, admin: bool) -> None:
    """Create a user. Prompts for missing values."""
    if admin and len(password) < 12:  # noqa: PLR2004 - the contract's rule for admins
        raise click.BadParameter("an admin's password has 12 characters or more", param_hint="--password")
    new = build({"email": email, "name": name, "password": password}, NewUser, strict=True)
    user = with_services(lambda services: services.users.create_admin(new) if admin else services.users.register(new))
    click.echo(f"created {user.role} {user.email} ({user.id})")
