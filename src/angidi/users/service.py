"""Business actions on users."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from msgspec import UNSET

from angidi.db import Connection, Database, purging, retried
from angidi.db.purging import Purgeable
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import LONGEST_SEARCH, ByCreation, PageResult, read_page
from angidi.resources import Precondition
from angidi.security.passwords import Passwords
from angidi.security.sessions import AccessClaims
from angidi.users import repository
from angidi.users.errors import CredentialsInvalid, EmailTaken, LastAdmin, UserNotFound, UserUnclear
from angidi.users.models import (
    Login,
    NameChange,
    NewUser,
    SampleUser,
    TokenPair,
    User,
    UserChanges,
    UserPage,
    UserQuery,
)
from angidi.users.password_rules import check_password
from angidi.users.profiles import repository as profiles
from angidi.users.sessions.service import SessionService
from angidi.users.throttle.service import LoginThrottle
from angidi.validation.changes import Changes
from angidi.validation.ids import parse_id

MOST_NAMED = 10
"""Users of one address that a message lists."""


class UserService:
    """Accounts: registration, log-in, administration."""

    def __init__(
        self, db: Database, cursors: Cursors, sessions: SessionService, passwords: Passwords, throttle: LoginThrottle
    ) -> None:
        self._db = db
        self._cursors = cursors
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle

    async def register(self, new: NewUser) -> User:
        """Create an account with the role `user`, and its profile if given: both or neither.

        Raises `EmailTaken`, and `Invalid` if the password is the address.
        """
        check_password(new.password, new.email, "user")
        password_hash = await self._passwords.hash(new.password)
        insert = partial(repository.insert, email=new.email, password_hash=password_hash, name=new.name, role="user")
        if new.profile is UNSET:
            return await self._db.write(insert)
        async with self._db.transaction() as conn:
            user = await insert(conn)
            await profiles.upsert(conn, user.id, phone=new.profile.phone, address=new.profile.address)
            return user

    async def login(self, login: Login, client: str) -> TokenPair:
        """Exchange address and password for tokens; `client` is the client address. An outdated hash is replaced.

        Raises `CredentialsInvalid`, after the same time whatever is wrong, and `TooManyFailures`.
        """
        account = await self._db.read(repository.find_login_account, login.email)
        matched = await self._throttle.match(login.password, account, client)
        credentials = account.credentials
        if matched is None or credentials is None:
            raise CredentialsInvalid
        if self._passwords.is_outdated(credentials.password_hash, matched):
            new = await self._passwords.hash(matched.renewed)
            await self._db.write(repository.upgrade_hash, credentials.id, old=credentials.password_hash, new=new)
        return await self._sessions.start(credentials)

    @retried
    async def rename(self, user_id: UUID, change: Changes[NameChange], known: Precondition | None = None) -> User:
        """Change the authenticated user's name.

        Raises `Invalid`, `UserNotFound`, and `VersionMismatch` unless the user is as `known`.
        """
        settled = (await change.settled(partial(self.get, user_id))).name
        name = None if settled is UNSET else settled
        if known is None:
            return await self._db.write(repository.update, user_id, name=name, role=None)
        async with self._db.transaction(row=user_id) as conn:
            await _check_version(conn, user_id, known)
            return await repository.update(conn, user_id, name=name, role=None)

    async def delete_me(self, claims: AccessClaims, known: Precondition | None = None) -> None:
        """Delete the authenticated user softly. Raises as `SessionService.user_of` and `delete` do."""
        await self._sessions.user_of(claims)
        await self.delete(claims.user_id, known)

    async def page(self, query: UserQuery) -> UserPage:
        """Return a page of users, newest first. Raises `Invalid` for a cursor of another list."""
        page_request = self._cursors.page_request(query, ByCreation)
        if len(query.search) > LONGEST_SEARCH:
            return UserPage(users=[], **PageResult[User].empty(page_request).fields())
        access = self._db.account_expensive if page_request.is_expensive else self._db
        page = await access.read(read_page, query, page_request, repository.list_users, repository.count_users)
        return UserPage(users=page.rows, **self._cursors.fields(query, page))

    async def get(self, user_id: UUID) -> User:
        """Return a user, deleted or not. Raises `UserNotFound`."""
        return await self._db.read(repository.get_user, user_id)

    async def get_by_text(self, text: str) -> User:
        """Return the user with this id or address; of one address the active user, else the only deleted one.

        Raises `UserNotFound`, `UserUnclear`.
        """
        if user_id := parse_id(text):
            return await self.get(user_id)
        users = await self._db.read(repository.list_by_email, text.strip(), MOST_NAMED)
        if not users:
            raise UserNotFound(f"There is no user with the address {text}.")
        if users[0].deleted_at and len(users) > 1:
            raise UserUnclear(_unclear(text, users))
        return users[0]

    @retried
    async def change(self, user_id: UUID, changes: Changes[UserChanges], known: Precondition | None = None) -> User:
        """Change name and role of an active user.

        Raises `Invalid`, `UserNotFound`, `LastAdmin`, and `VersionMismatch` unless the user is as `known`.
        """
        settled = await changes.settled(partial(self.get, user_id))
        name = None if settled.name is UNSET else settled.name
        role = None if settled.role is UNSET else settled.role
        async with self._db.transaction(row=user_id) as conn:
            if role in {None, "admin"}:
                await _check_version(conn, user_id, known)
            else:
                await _require_another_admin(conn, user_id, known)
            return await repository.update(conn, user_id, name=name, role=role)

    @retried
    async def delete(self, user_id: UUID, known: Precondition | None = None) -> None:
        """Delete an active user softly.

        Raises `UserNotFound`, `LastAdmin`, and `VersionMismatch` unless the user is as `known`.
        """
        async with self._db.transaction(row=user_id) as conn:
            await _require_another_admin(conn, user_id, known)
            await repository.delete(conn, user_id)

    async def restore(self, user_id: UUID) -> User:
        """Restore a deleted user; an active one is returned unchanged. Raises `UserNotFound`, `EmailTaken`."""
        return await self._db.write(repository.restore, user_id)

    async def count_purgeable(self, before: datetime) -> Purgeable:
        """Count the users who were deleted before `before`."""
        return await purging.count_purgeable(self._db, "users", before)

    def purge(self, before: datetime) -> AsyncGenerator[int]:
        """Remove for good who was deleted before `before`, as `purging.purge` does."""
        return purging.purge(self._db, "users", before)

    async def create_admin(self, new: NewUser) -> User:
        """Create an account with the role `admin`. Raises `EmailTaken`, and `Invalid` as `check_password` does."""
        check_password(new.password, new.email, "admin")
        password_hash = await self._passwords.hash(new.password)
        return await self._db.write(
            repository.insert, email=new.email, password_hash=password_hash, name=new.name, role="admin"
        )

    async def ensure_admin(self, new: NewUser) -> User | None:
        """Create the first admin; return None if there is an admin.

        Raises `EmailTaken` if the address belongs to a user of another role: a setting never promotes a user. Raises
        `Invalid` as `check_password` does.
        """
        check_password(new.password, new.email, "admin")
        password_hash = await self._passwords.hash(new.password)
        async with self._db.transaction() as conn:
            await repository.lock_first_admin(conn)
            if await repository.lock_admins(conn):
                return None
            if await repository.find_by_email(conn, new.email):
                raise EmailTaken(f"{new.email} belongs to an ordinary user, who is not made an admin by a setting")
            return await repository.insert(
                conn, email=new.email, password_hash=password_hash, name=new.name, role="admin"
            )

    async def add_missing(self, people: Sequence[SampleUser]) -> list[SampleUser]:
        """Add sample users, whose password nobody knows, unless id or address is taken; return who was added."""
        password_hash = await self._passwords.hash(secrets.token_urlsafe())
        return [person for person in people if await self._add(person, password_hash)]

    async def _add(self, person: SampleUser, password_hash: str) -> bool:
        return await self._db.write(
            repository.insert_missing,
            id_=person.id,
            email=person.email,
            password_hash=password_hash,
            name=person.name,
        )


def _unclear(text: str, users: list[User]) -> str:
    """Return the message that lists deleted users with one address, the last deleted first."""
    listed = ", ".join(f"{user.id} (deleted {user.deleted_at:%Y-%m-%d %H:%M} UTC)" for user in users)
    return f"Several deleted users had the address {text}. Give the id of one instead: {listed}"


async def _check_version(conn: Connection, user_id: UUID, known: Precondition | None) -> None:
    """Raise `VersionMismatch` unless the user is as `known`. The caller locks admins, if at all, before this."""
    if known:
        await repository.lock_user(conn, user_id)
        known.check(await repository.get_user(conn, user_id))


async def _require_another_admin(conn: Connection, user_id: UUID, known: Precondition | None) -> None:
    """Raise as `_check_version` does, then `LastAdmin` if `user_id` is the only admin.

    Locks all admins first, so that two cannot go at the same time.
    """
    admins = await repository.lock_admins(conn)
    await _check_version(conn, user_id, known)
    if [admin.id for admin in admins] == [user_id]:
        raise LastAdmin
