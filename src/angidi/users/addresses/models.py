"""Addresses as rows, inputs and answers."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.resources import Resource
from angidi.users.addresses.countries import country_code
from angidi.validation.fields import Timestamp, Version
from angidi.validation.plans import Parse
from angidi.validation.texts import NAME

AddressId = Annotated[UUID, Meta(examples=["0198c5a0-a1b2-7c3d-8e4f-5a6b7c8d9e0f"])]
Recipient = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="a text of 1 to 100 characters", examples=["Ada Lovelace"]),
    NAME,
]
Line = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="a text of 1 to 200 characters", examples=["12 St James's Square"]),
]
SecondLine = Annotated[str, Meta(max_length=200, description="a text of at most 200 characters", examples=["Flat 3"])]
City = Annotated[
    str, Meta(min_length=1, max_length=100, description="a text of 1 to 100 characters", examples=["London"])
]
Region = Annotated[
    str, Meta(max_length=100, description="a text of at most 100 characters", examples=["Greater London"])
]
PostalCode = Annotated[str, Meta(max_length=20, description="a text of at most 20 characters", examples=["SW1Y 4JH"])]
Country = Annotated[
    str,
    Meta(
        description="a country of ISO 3166-1 in two letters",
        examples=["GB"],
        extra_json_schema={"pattern": "^[A-Za-z]{2}$"},
    ),
    Parse(country_code),
]


class Address(Resource, frozen=True):
    """An address of a user. `line2`, `region` and `postal_code` are empty where there is none."""

    id: AddressId
    recipient: Recipient
    line1: Line
    line2: SecondLine
    city: City
    region: Region
    postal_code: PostalCode
    country: Country
    is_default: bool
    created_at: Timestamp
    updated_at: Timestamp
    version: Version

    audience = "private"


class NewAddress(Struct, frozen=True):
    """An address to create. The first one of a user is the default in any case."""

    recipient: Recipient
    line1: Line
    city: City
    country: Country
    line2: SecondLine | None = None
    region: Region | None = None
    postal_code: PostalCode | None = None
    is_default: bool = False


class AddressChanges(Struct, frozen=True):
    """What may change; what is absent stays, null and an empty text clear where there may be nothing."""

    recipient: Recipient | UnsetType = UNSET
    line1: Line | UnsetType = UNSET
    line2: SecondLine | UnsetType | None = UNSET
    city: City | UnsetType = UNSET
    region: Region | UnsetType | None = UNSET
    postal_code: PostalCode | UnsetType | None = UNSET
    country: Country | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class AddressPage(PageInfo, frozen=True, kw_only=True):
    """A page of a user's addresses, newest first."""

    addresses: list[Address]


class AddressQuery(PageQuery, frozen=True, kw_only=True):
    """Parameters of the list of addresses."""
