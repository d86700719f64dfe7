"""What the server said about a statement that failed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerError:
    """What the server said about a failed statement; `index` counts the statements that went well before.

    `position` counts characters from 1 in the text that was sent; 0 where there is none. `timed_out` tells
    that we ended it ourselves, after `x-statement-timeout` in strict mode; `interrupted`, that a signal did;
    `protocol`, that the server answered what golang-migrate's driver does not understand. `index` is -1 for a
    statement that is not the file's.
    """

    message: str
    index: int
    sqlstate: str = ""
    severity: str = "ERROR"
    detail: str = ""
    hint: str = ""
    context: str = ""
    position: int = 0
    timed_out: bool = False
    interrupted: bool = False
    protocol: bool = False

    @property
    def is_fatal(self) -> bool:
        """Whether the connection is gone."""
        return self.severity in {"FATAL", "PANIC"} or not self.sqlstate
