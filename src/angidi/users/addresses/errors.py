"""Errors of addresses."""

from angidi.errors import Conflict, Invalid, NotFound


class AddressNotFound(NotFound):
    """There is no such address, or it is another user's."""

    code = "ADDRESS_NOT_FOUND"
    message = "There is no such address."


class TooManyAddresses(Conflict):
    """The user has as many addresses as there may be."""

    code = "TOO_MANY_ADDRESSES"
    message = "An account has at most 50 addresses. Delete one that is no longer needed."


class DefaultAddressTaken(Conflict, table="addresses", constraint="addresses_default_key"):
    """Another address became the default at the same time."""

    code = "DEFAULT_ADDRESS_EXISTS"
    message = "Another address has become the default at the same time. Please try again."


class AddressOwnerUnknown(Invalid, table="addresses", constraint="addresses_user_id_fkey"):
    """The user does not exist."""

    field = "user_id"
    message = "names no user"


class RecipientInvisible(Invalid, table="addresses", constraint="recipient_visible"):
    """The recipient has no visible character."""

    field = "recipient"
    message = "must have a visible character"


class LineInvisible(Invalid, table="addresses", constraint="line1_visible"):
    """The first line has no visible character."""

    field = "line1"
    message = "must have a visible character"


class CityInvisible(Invalid, table="addresses", constraint="city_visible"):
    """The city has no visible character."""

    field = "city"
    message = "must have a visible character"


class CountryMalformed(Invalid, table="addresses", constraint="country_format"):
    """The country is not a code of two letters."""

    field = "country"
    message = "must be a country of ISO 3166-1 in two letters, such as GB"


class AddressTooLong(Invalid, table="addresses", constraint="texts_length"):
    """A text of the address is too long."""

    message = "A text of the address is too long: lines have at most 200 characters, a postal code 20, the others 100."
