"""Profiles as rows, inputs and answers."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.resources import Resource
from angidi.users.models import Phone, PostalAddress


class Profile(Resource, frozen=True):
    """A profile. A user who has written none has empty fields and version 0."""

    user_id: Annotated[UUID, Meta(examples=["0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"])]
    phone: Phone
    address: PostalAddress
    version: Annotated[int, Meta(ge=0, examples=[1])]

    audience = "private"

    def state(self) -> str:
        """Return id and version: a profile has the id of its user."""
        return f"{self.user_id.hex}-{self.version}"


class ProfileChanges(Struct, frozen=True):
    """What may change; what is absent stays, null and an empty text clear."""

    phone: Phone | UnsetType | None = UNSET
    address: PostalAddress | UnsetType | None = UNSET

    def given(self) -> dict[str, str]:
        """Return the fields that are given, null as an empty text."""
        values = {"phone": self.phone, "address": self.address}
        return {name: value or "" for name, value in values.items() if value is not UNSET}
