"""Errors of users."""

from angidi.errors import Conflict, Invalid, NotFound, RateLimited, Unauthenticated


class UserNotFound(NotFound):
    """There is no such user, or it is deleted."""

    code = "USER_NOT_FOUND"
    message = "There is no such user."


class EmailTaken(Conflict, table="users", constraint="users_email_active_key"):
    """An active user has the address; case is ignored."""

    code = "EMAIL_EXISTS"
    message = "This email address is already registered."


class EmailMalformed(Invalid, table="users", constraint="email_format"):
    """The database's rule for new addresses refuses it."""

    field = "email"
    message = "must be an email address"


class UserNameInvisible(Invalid, table="users", constraint="name_visible"):
    """The name has no visible character."""

    field = "name"
    message = "must have a visible character"


class RoleUnknown(Invalid, table="users", constraint="role_valid"):
    """The role does not exist."""

    field = "role"
    message = "must be user, admin or moderator"


class LastAdmin(Conflict):
    """Without this admin nobody could administer the shop."""

    code = "LAST_ADMIN"
    message = (
        "This is the last admin, who can be neither deleted nor given another role. Make another user an admin first."
    )


class UserUnclear(Conflict):
    """Several deleted users had the address, so only an id names one of them."""


class CredentialsInvalid(Unauthenticated):
    """Unknown address, deleted account or wrong password: deliberately the same answer."""

    code = "INVALID_CREDENTIALS"
    message = "The email address or the password is wrong."


class TooManyFailures(RateLimited):
    """Too many passwords were wrong; the same for accounts that do not exist."""

    message = "Too many log-ins have failed. Please wait as long as Retry-After says."


class PhoneTooLong(Invalid, table="user_profiles", constraint="phone_length"):
    """The database's rule refuses the number."""

    field = "phone"
    message = "must be a text of at most 32 characters"


class PostalAddressTooLong(Invalid, table="user_profiles", constraint="address_length"):
    """The database's rule refuses the address."""

    field = "address"
    message = "must be a text of at most 500 characters"


class ProfileOwnerUnknown(Invalid, table="user_profiles", constraint="user_profiles_user_id_fkey"):
    """The user does not exist."""

    field = "user_id"
    message = "names no user"


class SessionOwnerUnknown(Unauthenticated, table="sessions", constraint="sessions_user_id_fkey"):
    """The account has been purged in this moment."""

    message = "The token is not valid. Please log in again."
