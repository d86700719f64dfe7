"""The routes of passwords."""

from angidi.http.routing.guards import Account, Admin
from angidi.http.routing.inputs import Body, ClientAddress
from angidi.http.routing.routes import Routes
from angidi.security.tokens import TokenInvalid
from angidi.users.errors import TooManyFailures, UserNotFound
from angidi.users.models import UserId
from angidi.users.passwords.models import IssuedReset, PasswordChange, PasswordReset
from angidi.users.passwords.service import PasswordService

routes = Routes("Passwords", "Changes of passwords, and resets by a token that an admin hands over.")


@routes.put("/users/me/password", status=204, errors=(TooManyFailures,))
async def change_password(
    account: Account, change: Body[PasswordChange], client: ClientAddress, passwords: PasswordService
) -> None:
    """Change your password.

    Every other session ends. A wrong `current_password` is 400 on that field, and counts as a failed log-in.
    """
    await passwords.change(account, change, client)


@routes.post("/users/{user_id}/password-reset", errors=(UserNotFound,))
async def issue_password_reset(admin: Admin, user_id: UserId, passwords: PasswordService) -> IssuedReset:
    """Make a token that resets a user's password.

    Hand it over: it can be used once, within an hour, and the one before is void. It is shown here only.
    """
    return await passwords.issue_reset(user_id, admin)


@routes.post("/users/password-reset", status=204, errors=(TokenInvalid,))
async def reset_password(reset: Body[PasswordReset], passwords: PasswordService) -> None:
    """Set a new password by the token that an admin has handed over.

    Every session of the account ends. To try it out here, replace the example with the `reset_token` that an admin has
    got.
    """
    await passwords.reset(reset)
