"""Business actions on profiles."""

from uuid import UUID

from msgspec import structs

from angidi.db import Database, retried
from angidi.resources import Precondition
from angidi.users import repository as users
from angidi.users.profiles import repository
from angidi.users.profiles.models import Profile, ProfileChanges


class ProfileService:
    """How to reach people: each reads and writes the own profile."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, user_id: UUID) -> Profile:
        """Return the profile, an empty one of version 0 if none was written. Raises `UserNotFound`."""
        return await self._db.read(repository.get_profile, user_id)

    @retried
    async def change(self, user_id: UUID, changes: ProfileChanges, known: Precondition | None = None) -> Profile:
        """Change the given fields. Raises `UserNotFound`, and `VersionMismatch` unless the profile is as `known`."""
        async with self._db.transaction(row=user_id) as conn:
            # A statement of its own: the one that waits for a lock reads other tables as they were before.
            await users.lock_user(conn, user_id)
            profile = await repository.get_profile(conn, user_id)
            if known:
                known.check(profile)
            given = changes.given()
            if not given:
                return profile
            changed = structs.replace(profile, **given)
            return await repository.upsert(conn, user_id, phone=changed.phone, address=changed.address)
