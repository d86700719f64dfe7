"""Users: rows, inputs and answers."""

from datetime import datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.resources import Resource
from angidi.users.password_rules import LONGEST, SHORTEST, chosen_password
from angidi.validation.fields import Timestamp, Version
from angidi.validation.plans import Parse
from angidi.validation.texts import AS_GIVEN, NAME, VERBATIM

Role = Literal["user", "admin", "moderator"]
"""The roles; equal to the CHECK constraint `role_valid`, which a contract test compares."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]+(-+[A-Za-z0-9]+)*"
_LAST_LABEL = r"([A-Za-z]{2,}|[Xx][Nn]-(-+[A-Za-z0-9]+)+)"
EMAIL_PATTERN = rf"^{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_LAST_LABEL}$"
"""An address by RFC 5321: atoms with dots between them, then labels, of which the last is of letters or in Punycode.

Equal to the database's is_email(), by which the constraint `email_format` judges new addresses; a test compares them.
Stored addresses may be others.
"""

Email = Annotated[
    str,
    Meta(
        max_length=255,
        pattern=EMAIL_PATTERN,
        description="an email address of at most 255 characters",
        examples=["ada@shop.example"],
    ),
]
StoredEmail = Annotated[str, Meta(examples=["ada@shop.example"])]
"""An address in answers: older ones follow another rule."""

Name = Annotated[
    str,
    Meta(min_length=2, max_length=100, description="a text of 2 to 100 characters", examples=["Ada Lovelace"]),
    NAME,
]
Password = Annotated[
    str,
    Meta(
        min_length=SHORTEST,
        max_length=LONGEST,
        description="a text of 8 to 128 characters, none of the 10,000 most common passwords",
        examples=["correct horse battery"],
    ),
    VERBATIM,
    Parse(chosen_password),
]
"""A password that somebody chooses now."""

TypedPassword = Annotated[
    str, Meta(min_length=1, description="a text that is not empty", examples=["correct horse battery"]), AS_GIVEN
]
"""A password to verify, whatever the rules were when it was chosen."""

Token = Annotated[str, Meta(description="a token", examples=["eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"])]
SAMPLE_ID = UUID("0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11")
"""The id of the sample user, so that the example of a path names one that is there."""

UserId = Annotated[UUID, Meta(examples=[str(SAMPLE_ID)])]
Phone = Annotated[
    str, Meta(max_length=32, description="a text of at most 32 characters", examples=["+44 20 7946 0018"])
]
PostalAddress = Annotated[
    str,
    Meta(max_length=500, description="a text of at most 500 characters", examples=["12 St James's Square, London"]),
]
RoleName = Annotated[Role, Meta(description="user, admin or moderator", examples=["user"])]


class User(Resource, frozen=True, omit_defaults=True):
    """A user in answers. `deleted_at` is present for deleted users only."""

    id: UserId
    email: StoredEmail
    name: Name
    role: RoleName
    created_at: Timestamp
    updated_at: Timestamp
    version: Version
    deleted_at: Timestamp | None = None

    audience = "private"


class Credentials(Struct, frozen=True):
    """What a log-in needs of an account. Never part of an answer."""

    id: UUID
    password_hash: str
    sessions_ended_at: datetime | None


class LoginAccount(Struct, frozen=True):
    """What a log-in needs of the account with an address: nothing but the address if there is none.

    `address` is in small letters as the database has them.
    """

    address: str
    id: UUID | None
    password_hash: str | None
    sessions_ended_at: datetime | None = None

    @property
    def credentials(self) -> Credentials | None:
        """Those of the account, if there is one."""
        if self.id is None or self.password_hash is None:
            return None
        return Credentials(self.id, self.password_hash, self.sessions_ended_at)


class NewProfile(Struct, frozen=True):
    """How to reach a person, from the beginning."""

    phone: Phone = ""
    address: PostalAddress = ""


class NewUser(Struct, frozen=True):
    """A registration, with a profile if given."""

    email: Email
    password: Password
    name: Name
    profile: NewProfile | UnsetType = UNSET


class SampleUser(NamedTuple):
    """A user of the sample data."""

    id: UUID
    email: str
    name: str


class Login(Struct, frozen=True):
    """Address and password. Wrong ones all get the same answer, however long they are."""

    email: Annotated[
        str,
        Meta(pattern=".@.", description="a text with something on both sides of an @", examples=["ada@shop.example"]),
    ]
    password: TypedPassword


class RefreshRequest(Struct, frozen=True):
    """A refresh token to exchange for new tokens."""

    refresh_token: Annotated[Token, Meta(min_length=1)]


class NameChange(Struct, frozen=True):
    """What users may change of themselves."""

    name: Name | UnsetType  # without a default, so that it is required; it is UNSET where it is stored already


class UserChanges(Struct, frozen=True):
    """What admins may change of a user; absent fields stay unchanged."""

    name: Name | UnsetType = UNSET
    role: RoleName | UnsetType = UNSET


class TokenPair(Struct, frozen=True):
    """The answer to a log-in; `expires_in` is the lifetime of the access token in seconds."""

    access_token: Token
    refresh_token: Token
    expires_in: Annotated[int, Meta(examples=[900])]
    user: User


class UserPage(PageInfo, frozen=True, kw_only=True):
    """A page of users, newest first."""

    users: list[User]


class UserQuery(PageQuery, frozen=True, kw_only=True):
    """Parameters of the list of users."""

    role: RoleName | None = None
    search: Annotated[str, Meta(description="a text inside address or name", examples=["ada"])] = ""
    deleted: Annotated[
        Literal["only", "with"] | None,
        Meta(description="“only” or “with”: deleted users too", examples=["with"]),
    ] = None
