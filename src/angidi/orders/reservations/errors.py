"""Errors of reservations."""

from angidi.errors import Conflict


class TooManyReservations(Conflict):
    """The account has as many live reservations as there may be."""

    code = "TOO_MANY_RESERVATIONS"
    message = "An account has at most 5 live reservations. Delete one, or order it."
