"""Errors of Idempotency-Keys."""

from angidi.errors import AngidiError, Conflict, Invalid


class KeyUsed(Conflict, table="idempotency_keys", constraint="idempotency_keys_pkey"):
    """A request with the key has been answered. Callers never see this: they get that answer."""


class KeyInProgress(Conflict, table="idempotency_keys", constraint="key_in_progress"):
    """A request with the key is still in progress."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    message = "A request with this Idempotency-Key is still in progress. Please try again."
    retry_after = 1


class KeyReused(AngidiError):
    """The key was used for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used for another request. Take a new key for each action."


class KeyLengthWrong(Invalid, table="idempotency_keys", constraint="key_length"):
    """The key is empty or too long."""

    field = "Idempotency-Key"
    message = "must be 1 to 255 printable ASCII characters"


class KeyOwnerUnknown(Invalid, table="idempotency_keys", constraint="idempotency_keys_user_id_fkey"):
    """The account does not exist."""

    field = "user_id"
    message = "names no user"
