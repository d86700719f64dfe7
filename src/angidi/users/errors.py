"""What can go wrong with users."""

from angidi.errors import Conflict, Invalid, NotFound, Unauthenticated


class UserNotFound(NotFound):
    """No such user, or deleted."""

    code = "USER_NOT_FOUND"
    message = "There is no such user."


class EmailTaken(Conflict, table="users", constraint="users_email_living_key"):
    """A living user has the address, in whatever case."""

    code = "EMAIL_EXISTS"
    message = "This email address is already registered."


class EmailMalformed(Invalid, table="users", constraint="email_format"):
    """The database takes it for no address."""

    field = "email"
    message = "must be an email address"


class RoleUnknown(Invalid, table="users", constraint="role_valid"):
    """There is no such role."""

    field = "role"
    message = "must be user, admin or moderator"


class LastAdmin(Conflict):
    """Without this one nobody could administer the shop."""

    code = "LAST_ADMIN"
    message = "This is the last admin, who can be neither deleted nor given another role."


class CredentialsInvalid(Unauthenticated):
    """Unknown address, deleted account or wrong password: deliberately one answer."""

    code = "INVALID_CREDENTIALS"
    message = "The email address or the password is wrong."
