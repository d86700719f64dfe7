"""What the server said about a statement that failed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerError:
    """What the server said about a failed statement; `index` counts the statements that went well before.

    `position` counts characters from 1 in the text that was sent; 0 where there is none. `timed_out` tells
    that we ended it ourselves, after `x-statement-timeout` in strict mode; `interrupted`, that a signal did.
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
