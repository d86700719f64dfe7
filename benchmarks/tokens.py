"""The admin who writes: an account in a contestant's database, and a token that all contestants accept."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import psycopg

SECRET = "benchmarks-only-secret-of-more-than-32-bytes"
"""Signs the tokens of all contestants; they listen on the loopback for the time of a measurement."""

ISSUER = "angidi-api"
LIFETIME = timedelta(hours=12)
ADMIN = UUID("00000000-0000-7000-8000-000000000001")
EMAIL = "admin@shop.example"
INSERT = """
INSERT INTO users (id, email, password_hash, name, role)
VALUES (%(id)s, %(email)s, 'fits no password', 'Admin', 'admin')
ON CONFLICT DO NOTHING
"""


def add_admin(url: str) -> None:
    """Make the admin's account in the database at `url`."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(INSERT, {"id": ADMIN, "email": EMAIL})


def authorization() -> dict[str, str]:
    """Return the header of a request by the admin; its claims are the contract's."""
    return {"Authorization": f"Bearer {token(ADMIN, EMAIL, 'admin')}"}


def token(user_id: UUID, email: str, role: str) -> str:
    """Return an account's token."""
    now = datetime.now(UTC)
    claims = {"user_id": str(user_id), "email": email, "role": role}
    registered = {"iss": ISSUER, "iat": now, "nbf": now, "exp": now + LIFETIME}
    return jwt.encode(claims | registered, SECRET, algorithm="HS256")
