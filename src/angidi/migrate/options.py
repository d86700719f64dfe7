"""How a run behaves: what the caller chooses, as opposed to what the database's URL says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Choices of one `Migrate`; all times are seconds."""

    strict: bool = False
    """Do exactly as golang-migrate does: never atomic, its lock id only, no history table, its messages."""
    lock_timeout: float = 15.0
    """How long to wait for another run to end."""
    table_lock_timeout: float = 5.0
    """How long a statement of an atomic file may wait for a table lock; 0 waits for ever."""
    table_lock_attempts: int = 10
    """How often an atomic file is tried when it does not get its locks in time."""
    prefetch: int = 10
    """How many migrations are read ahead of the one that runs."""
    allow_missed: bool = False
    """Apply files below the current version that were surely never applied, instead of refusing."""
    require_down: bool = False
    """Refuse to go down over a version without a down file."""
