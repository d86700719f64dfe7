"""`angidi users list`, `show` and `create`."""

from collections.abc import AsyncGenerator
from typing import Literal

import click
from msgspec import json, structs

from angidi.app import Services
from angidi.cli.context import escape_unprintable, with_services
from angidi.cli.options import json_option, password_stdin_option
from angidi.cli.prompts import prompt_password, read_password
from angidi.cli.tables import format_time
from angidi.cli.users import changes
from angidi.pagination.pages import MAXIMUM_SIZE
from angidi.users.models import NewUser, Role, User, UserQuery
from angidi.validation.fields import build

COLUMNS = "{:<36}  {:<9}  {:<16}  {:<{width}}  {}"
"""A line of the list. The name comes last, because nothing has to be aligned after it."""


@click.group("users")
def group() -> None:
    """List, create and change accounts.

    USER is an id or an email address. Of one address it is the active user, else the only deleted one.

    Exit codes: 0 done, or nothing to do · 1 refused, with the reason on standard error · 2 wrong usage.
    """


@group.command("list")
@click.option("--search", metavar="TEXT", default="", help="Only those with this text in address or name.")
@click.option("--role", type=click.Choice(changes.RANKS), help="Only those with this role.")
@click.option(
    "--deleted",
    type=click.Choice(["only", "with"]),
    help="“only”: deleted users instead of active ones; “with”: both.",
)
@json_option
def list_users(*, search: str, role: Role | None, deleted: Literal["only", "with"] | None, as_json: bool) -> None:
    """List users, newest first.

    Lists all that match, however many: they are read and written a hundred at a time.
    """
    given: dict[str, object] = {"search": search, "role": role, "deleted": deleted}
    query = build({name: value for name, value in given.items() if value}, UserQuery, strict=True)
    query = structs.replace(query, count="none", page_size=MAXIMUM_SIZE)
    listed = with_services(lambda services: (_write_json if as_json else _write_lines)(_pages(services, query)))
    if not (listed or as_json):
        click.echo("no user matches" if search or role or deleted else "no users yet: angidi users create --admin")


@group.command()
@changes.user_argument
@json_option
def show(user: str, *, as_json: bool) -> None:
    """Show a user, deleted or not."""
    shown = with_services(lambda services: services.users.get_by_text(user))
    if as_json:
        click.echo(json.encode(shown))
        return
    for name, value in structs.asdict(shown).items():
        if name != "deleted_at" or value:
            text = format_time(value) if name.endswith("_at") else str(value)
            click.echo(f"{name.removesuffix('_at'):<8} {escape_unprintable(text)}")


@group.command()
@click.option("--email", prompt="Email address", help="The address to log in with.")
@click.option("--name", prompt="Name", help="The name to show.")
@click.option("--password", help="8 to 128 characters, 12 for admins. Other users of this machine can see it.")
@password_stdin_option
@click.option("--admin", is_flag=True, help="Create an admin.")
@json_option
def create(  # noqa: PLR0913 - one parameter for each option
    *, email: str, name: str, password: str | None, password_stdin: bool, admin: bool, as_json: bool
) -> None:
    """Create a user. Asks for missing values."""
    if password is not None and password_stdin:
        raise click.UsageError("give --password or --password-stdin, not both")
    chosen = read_password() if password_stdin else prompt_password() if password is None else password
    new = build({"email": email, "name": name, "password": chosen}, NewUser, strict=True)
    user = with_services(lambda services: services.users.create_admin(new) if admin else services.users.register(new))
    click.echo(json.encode(user) if as_json else f"created {user.role} {user.email} ({user.id})")


async def _pages(services: Services, query: UserQuery) -> AsyncGenerator[list[User]]:
    """Yield all users of a list, a page at a time."""
    while True:
        page = await services.users.page(query)
        yield page.users
        if not isinstance(page.next_cursor, str):
            return
        query = structs.replace(query, cursor=page.next_cursor)


async def _write_lines(pages: AsyncGenerator[list[User]]) -> int:
    """Print a line for each user; return their number. The first page decides where the names begin."""
    written, width = 0, 0
    async for users in pages:
        if users and not written:
            width = max(len(user.email) for user in users)
            click.echo(COLUMNS.format("ID", "ROLE", "CREATED", "EMAIL", "NAME", width=width))
        for user in users:
            ended = f"  (deleted {format_time(user.deleted_at)})" if user.deleted_at else ""
            cells = (str(user.id), user.role, format_time(user.created_at), user.email, user.name + ended)
            click.echo(escape_unprintable(COLUMNS.format(*cells, width=width)))
        written += len(users)
    return written


async def _write_json(pages: AsyncGenerator[list[User]]) -> int:
    """Print one object, piece by piece, so that no number of users fills the memory; return their number."""
    written = 0
    click.echo('{"users":[', nl=False)
    async for users in pages:
        for user in users:
            click.echo((b"," if written else b"") + json.encode(user), nl=False)
            written += 1
    click.echo("]}")
    return written


for command in changes.COMMANDS:
    group.add_command(command)
