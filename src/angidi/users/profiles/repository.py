"""Profiles in SQL. Every function is one statement on the connection given."""

from uuid import UUID

from angidi.db.rows import Connection, fetch_one
from angidi.users.errors import UserNotFound
from angidi.users.profiles.models import Profile

FIND = """
SELECT users.id AS user_id,
       coalesce(profile.phone, '') AS phone,
       coalesce(profile.address, '') AS address,
       coalesce(profile.version, 0) AS version
  FROM users
  LEFT JOIN user_profiles AS profile ON profile.user_id = users.id
 WHERE users.id = %(user_id)s AND users.deleted_at IS NULL
"""

UPSERT = """
INSERT INTO user_profiles (user_id, phone, address)
VALUES (%(user_id)s, %(phone)s, %(address)s)
ON CONFLICT (user_id) DO UPDATE
   SET phone = excluded.phone, address = excluded.address, updated_at = now()
RETURNING user_id, phone, address, version
"""


async def get_profile(conn: Connection, user_id: UUID) -> Profile:
    """Return the profile of an active user, an empty one if none was written. Raises `UserNotFound`."""
    return _existing(await fetch_one(conn, Profile, FIND, {"user_id": user_id}))


async def upsert(conn: Connection, user_id: UUID, *, phone: str, address: str) -> Profile:
    """Write the whole profile."""
    return _existing(await fetch_one(conn, Profile, UPSERT, {"user_id": user_id, "phone": phone, "address": address}))


def _existing(profile: Profile | None) -> Profile:
    if profile is None:
        raise UserNotFound
    return profile
