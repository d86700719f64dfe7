"""Who changes something and why: what a transaction tells the database, which writes it into its own records."""

import math
from typing import Literal, Self
from uuid import UUID

import msgspec
from msgspec import Struct

StockChange = Literal["set", "adjust", "import", "order", "cancel", "return", "reserve", "release"]
"""Kinds of changes of a stock; equal to the CHECK constraint `kind_known` but for what triggers say by themselves."""


class Principal(Struct, frozen=True):
    """The authenticated account, the id of its request, and what its token says of its session.

    In a token of the former service `session_id` is None, and `issued_at` (in seconds since 1970) is compared with the
    end of all sessions; by default it is later than any.
    """

    id: UUID
    role: str
    request_id: str = ""
    session_id: UUID | None = None
    issued_at: float = math.inf

    @property
    def is_admin(self) -> bool:
        """Whether the account may administer the shop."""
        return self.role == "admin"


class Cause(Struct, frozen=True, omit_defaults=True):
    """The setting `angidi.cause`; see the function `change_cause` in the schema."""

    actor_id: UUID | None = None
    request_id: str | None = None
    kind: StockChange | None = None
    reason: str = ""
    order_id: UUID | None = None
    note: str = ""

    @classmethod
    def by(cls, actor: Principal | None, kind: StockChange | None = None, reason: str = "") -> Self:
        """Return the cause of what an account does, or a command (None)."""
        return cls(actor.id, actor.request_id, kind, reason) if actor else cls(None, None, kind, reason)

    def json(self) -> str:
        """Return the cause as the database reads it."""
        return msgspec.json.encode(self).decode()
