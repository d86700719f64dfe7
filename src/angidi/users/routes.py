"""The routes of users."""

from angidi.http.routing.guards import Admin, Bearer, Owner
from angidi.http.routing.inputs import Body, ClientAddress, IfMatch, Patch, Query
from angidi.http.routing.routes import Routes
from angidi.users.errors import CredentialsInvalid, EmailTaken, LastAdmin, TooManyFailures, UserNotFound
from angidi.users.models import (
    Login,
    NameChange,
    NewUser,
    TokenPair,
    User,
    UserChanges,
    UserId,
    UserPage,
    UserQuery,
)
from angidi.users.service import UserService
from angidi.users.sessions.service import SessionService

routes = Routes("Users", "Accounts: registration, log-in, one's own account, and all of them for admins.")


@routes.post("/users/register", errors=(EmailTaken,))
async def register(new: Body[NewUser], users: UserService) -> User:
    """Register a user.

    With `profile` the profile is written in the same transaction: both or neither.
    """
    return await users.register(new)


@routes.post("/users/login", status=200, errors=(CredentialsInvalid, TooManyFailures))
async def login(credentials: Body[Login], client: ClientAddress, users: UserService) -> TokenPair:
    """Log in.

    The access token goes into the header `Authorization: Bearer …`; the refresh token is for getting new ones. To try
    it out here, register first: the examples belong together.

    Of ten wrong passwords within 15 minutes for one account from one address the eleventh log-in is 429, even if it is
    right: wait as long as `Retry-After` says.
    """
    return await users.login(credentials, client)


@routes.get("/users/me", errors=(UserNotFound,))
async def show_me(bearer: Bearer, sessions: SessionService) -> User:
    """Show the authenticated account."""
    return await sessions.user_of(bearer)


@routes.put("/users/me", errors=(UserNotFound,))
async def rename_me(account: Owner, known: IfMatch, change: Patch[NameChange], users: UserService) -> User:
    """Change the name of the authenticated account."""
    return await users.rename(account, change, known)


@routes.delete("/users/me", errors=(UserNotFound, LastAdmin))
async def delete_me(bearer: Bearer, known: IfMatch, users: UserService) -> None:
    """Delete the authenticated account; an admin can restore it."""
    await users.delete_me(bearer, known)


@routes.get("/users")
async def list_users(_: Admin, query: Query[UserQuery], users: UserService) -> UserPage:
    """List users, newest first."""
    return await users.page(query)


@routes.get("/users/{user_id}", errors=(UserNotFound,))
async def show_user(_: Admin, user_id: UserId, users: UserService) -> User:
    """Show a user, deleted or not."""
    return await users.get(user_id)


@routes.put("/users/{user_id}", errors=(UserNotFound, LastAdmin))
async def change_user(
    _: Admin, known: IfMatch, user_id: UserId, changes: Patch[UserChanges], users: UserService
) -> User:
    """Change a user's name or role.

    A new role counts at once, also for tokens that were issued before. Without `If-Match` the last of two
    writers wins, field by field.
    """
    return await users.change(user_id, changes, known)


@routes.delete("/users/{user_id}", errors=(UserNotFound, LastAdmin))
async def delete_user(_: Admin, known: IfMatch, user_id: UserId, users: UserService) -> None:
    """Delete a user softly."""
    await users.delete(user_id, known)


@routes.post("/users/{user_id}/restore", status=200, errors=(UserNotFound, EmailTaken))
async def restore_user(_: Admin, user_id: UserId, users: UserService) -> User:
    """Restore a deleted user."""
    return await users.restore(user_id)
