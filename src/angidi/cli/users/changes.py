"""`angidi users promote`, `demote`, `set-password`, `reset-password`, `delete` and `restore`."""

import shlex
import sys

import click
from msgspec import json

from angidi.app import Services
from angidi.cli.context import escape_unprintable, print_line, with_services
from angidi.cli.options import json_option, password_stdin_option, yes_option
from angidi.cli.prompts import confirm, prompt_password, read_password
from angidi.cli.tables import format_time
from angidi.errors import Conflict
from angidi.users.errors import EmailTaken
from angidi.users.models import Role, User, UserChanges
from angidi.users.passwords.models import IssuedReset, NewPassword
from angidi.validation.changes import valid
from angidi.validation.fields import build

RANKS: tuple[Role, ...] = ("user", "moderator", "admin")
"""The roles, from fewer rights to more."""

AFTER_PROMOTION = (
    "the password stays as it is; an admin's has 12 characters or more, and can be replaced: "
    "angidi users set-password {email}"
)

user_argument = click.argument("user", metavar="USER")


@click.command()
@user_argument
@click.option("--to", "role", type=click.Choice(RANKS[1:]), default="admin", show_default=True, help="The new role.")
@json_option
def promote(user: str, *, role: Role, as_json: bool) -> None:
    """Give a user a role with more rights.

    It holds from the next request on. A moderator has a user's rights for now.
    """
    changed = with_services(lambda services: _change_role(services, user, role, up=True))
    _report(changed, f"{changed.email} has the role {role} now", as_json=as_json)
    if role == "admin":
        click.echo(AFTER_PROMOTION.format(email=shlex.quote(changed.email)), err=True)


@click.command()
@user_argument
@click.option("--to", "role", type=click.Choice(RANKS[:-1]), default="user", show_default=True, help="The new role.")
@json_option
def demote(user: str, *, role: Role, as_json: bool) -> None:
    """Give a user a role with fewer rights.

    It holds from the next request on. The last admin cannot be demoted.
    """
    changed = with_services(lambda services: _change_role(services, user, role, up=False))
    _report(changed, f"{changed.email} has the role {role} now", as_json=as_json)


@click.command("set-password")
@user_argument
@password_stdin_option
@json_option
def set_password(user: str, *, password_stdin: bool, as_json: bool) -> None:
    """Replace a user's password.

    Asks twice on a terminal. A password has 8 to 128 characters, an admin's 12 or more, and is none of the most common
    ones. It is no option, because other users of the machine see a command's options.
    """
    if not (password_stdin or sys.stdin.isatty()):
        raise click.UsageError("standard input is no terminal to ask on: give --password-stdin")
    password = read_password() if password_stdin else prompt_password()
    new = build({"password": password}, NewPassword, strict=True)

    async def work(services: Services) -> User:
        return await services.passwords.set((await _get_active(services, user)).id, new)

    changed = with_services(work)
    _report(changed, f"{changed.email} has a new password", as_json=as_json)


@click.command("reset-password")
@user_argument
@json_option
def reset_password(user: str, *, as_json: bool) -> None:
    """Print a token by which a user sets a new password.

    Hand it over: it can be used once, within an hour, and the one before is void. The former password stays good until
    then.
    """

    async def work(services: Services) -> tuple[User, IssuedReset]:
        resetting = await _get_active(services, user)
        return resetting, await services.passwords.issue_reset(resetting.id)

    resetting, issued = with_services(work)
    if as_json:
        click.echo(json.encode(issued))
        return
    click.echo(issued.reset_token)
    hint = f"{resetting.email} can set a new password with this token once, until {format_time(issued.expires_at)}"
    print_line(f"{hint}: POST /api/v1/users/password-reset")


@click.command()
@user_argument
@yes_option
@json_option
def delete(user: str, *, yes: bool, as_json: bool) -> None:
    """Delete a user softly: the account can be restored.

    The user can no longer log in, and what is logged in ends with its next request. The last admin cannot be deleted.
    """

    async def work(services: Services) -> User:
        deleting = await services.users.get_by_text(user)
        if not deleting.deleted_at:
            confirm(escape_unprintable(f"Delete {deleting.email} ({deleting.role}, {deleting.name})?"), yes=yes)
            await services.users.delete(deleting.id)
        return await services.users.get(deleting.id)

    deleted = with_services(work)
    _report(deleted, f"{deleted.email} is deleted; to undo it: angidi users restore {deleted.id}", as_json=as_json)


@click.command()
@user_argument
@json_option
def restore(user: str, *, as_json: bool) -> None:
    """Restore a deleted user, with the former role and password."""

    async def work(services: Services) -> User:
        deleted = await services.users.get_by_text(user)
        try:
            return await services.users.restore(deleted.id)
        except EmailTaken:
            other = await services.users.get_by_text(deleted.email)
            raise EmailTaken(
                f"{deleted.email} is the address of another user meanwhile: delete that one first "
                f"(angidi users delete {other.id}), or leave this one deleted"
            ) from None

    restored = with_services(work)
    _report(restored, f"{restored.email} is active, with the role {restored.role}", as_json=as_json)


async def _get_active(services: Services, text: str) -> User:
    """Return the active user that `text` names. Raises `Conflict` for a deleted one, with the command that helps."""
    user = await services.users.get_by_text(text)
    if user.deleted_at:
        raise Conflict(f"{user.email} is deleted: restore the user first (angidi users restore {user.id})")
    return user


async def _change_role(services: Services, text: str, role: Role, *, up: bool) -> User:
    """Give the role, unless the user has it. Raises `Conflict` if that is not `up`, or not down."""
    user = await _get_active(services, text)
    if user.role == role:
        return user
    if (RANKS.index(role) > RANKS.index(user.role)) != up:
        other, rights = ("demote", "fewer") if up else ("promote", "more")
        # Quoted, because anybody may register the address `reboot`@shop.example.
        advice = f"angidi users {other} {shlex.quote(user.email)} --to {role}"
        raise Conflict(f"{user.email} is {user.role}, and {role} has {rights} rights: {advice}")
    return await services.users.change(user.id, valid(UserChanges(role=role)))


def _report(user: User, line: str, *, as_json: bool) -> None:
    click.echo(json.encode(user) if as_json else escape_unprintable(line))


COMMANDS = (promote, demote, set_password, reset_password, delete, restore)
