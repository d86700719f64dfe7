"""The addresses of users."""

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from angidi.http.core.responses import Data
from angidi.http.routing.guards import admin, bearer
from angidi.http.routing.handlers import delete, get, post, put
from angidi.http.routing.links import listed
from angidi.http.routing.requests import AnyRequest, body_of, query_of
from angidi.security.tokens import TokenInvalid
from angidi.users.errors import CredentialsInvalid, EmailTaken, LastAdmin, UserNotFound
from angidi.users.models import (
    Login,
    NameChange,
    NewUser,
    RefreshRequest,
    TokenPair,
    User,
    UserChanges,
    UserPage,
    UserQuery,
)
from angidi.users.service import UserService
from angidi.validation.ids import parse_id

Asker = Request[UUID, Any, Any]


@post("/users/register", dependencies={"new": body_of(NewUser)}, opt={"errors": [EmailTaken]})
async def register(new: NamedDependency[NewUser], users: NamedDependency[UserService]) -> Data[User]:
    """Register a user."""
    return Data(await users.register(new))


@post(
    "/users/login",
    status_code=200,
    dependencies={"login_": body_of(Login)},
    opt={"errors": [CredentialsInvalid]},
)
async def login(login_: NamedDependency[Login], users: NamedDependency[UserService]) -> Data[TokenPair]:
    """Log in.

    The access token goes into the header `Authorization: Bearer …`; the refresh token is for getting new ones.
    """
    return Data(await users.login(login_))


@post(
    "/users/refresh-token",
    status_code=200,
    dependencies={"asked": body_of(RefreshRequest)},
    opt={"errors": [TokenInvalid]},
)
async def refresh_token(asked: NamedDependency[RefreshRequest], users: NamedDependency[UserService]) -> Data[TokenPair]:
    """Change a refresh token for new tokens."""
    return Data(await users.refresh(asked.refresh_token))


@get("/users/me", guards=[bearer], opt={"errors": [UserNotFound]})
async def show_me(request: Asker, users: NamedDependency[UserService]) -> Data[User]:
    """Show the account that asks."""
    return Data(await users.me(request.user))


@put("/users/me", guards=[bearer], dependencies={"change": body_of(NameChange)}, opt={"errors": [UserNotFound]})
async def rename_me(
    request: Asker, change: NamedDependency[NameChange], users: NamedDependency[UserService]
) -> Data[User]:
    """Change the name of the account that asks."""
    return Data(await users.rename(request.user, change.name))


@delete("/users/me", guards=[bearer], opt={"errors": [UserNotFound, LastAdmin]})
async def delete_me(request: Asker, users: NamedDependency[UserService]) -> None:
    """Delete the account that asks; an admin can restore it."""
    await users.delete_me(request.user)


@get("/users", guards=[admin], dependencies={"asked": query_of(UserQuery)})
async def list_users(
    request: AnyRequest, asked: NamedDependency[UserQuery], users: NamedDependency[UserService]
) -> Response[Data[UserPage]]:
    """List users, newest first."""
    return listed(request, await users.page(asked))


@get("/users/{user_id:str}", guards=[admin], opt={"errors": [UserNotFound]})
async def show_user(user_id: FromPath[str], users: NamedDependency[UserService]) -> Data[User]:
    """Show a user, deleted or not."""
    return Data(await users.get(parse_id(user_id, UserNotFound)))


@put(
    "/users/{user_id:str}",
    guards=[admin],
    dependencies={"changes": body_of(UserChanges)},
    opt={"errors": [UserNotFound, LastAdmin]},
)
async def change_user(
    user_id: FromPath[str], changes: NamedDependency[UserChanges], users: NamedDependency[UserService]
) -> Data[User]:
    """Change a user's name or role.

    A new role counts at once, also for tokens that are out. `If-Match` is not evaluated: of two writers the last one
    wins, field by field.
    """
    return Data(await users.change(parse_id(user_id, UserNotFound), changes))


@delete("/users/{user_id:str}", guards=[admin], opt={"errors": [UserNotFound, LastAdmin]})
async def delete_user(user_id: FromPath[str], users: NamedDependency[UserService]) -> None:
    """Delete a user softly."""
    await users.delete(parse_id(user_id, UserNotFound))


@post(
    "/users/{user_id:str}/restore",
    status_code=200,
    guards=[admin],
    opt={"errors": [UserNotFound, EmailTaken]},
)
async def restore_user(user_id: FromPath[str], users: NamedDependency[UserService]) -> Data[User]:
    """Bring a deleted user back."""
    return Data(await users.restore(parse_id(user_id, UserNotFound)))


HANDLERS = [
    register, login, refresh_token, show_me, rename_me, delete_me,
    list_users, show_user, change_user, delete_user, restore_user,
]  # fmt: skip
