"""The management port: health for orchestrators and metrics for Prometheus, answered by a process of its own.

So it answers while the public port is full, or its workers are busy, frozen or gone.
"""

import asyncio
from ipaddress import ip_address

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from angidi.app import build_management, open_database
from angidi.config import Settings
from angidi.db.conninfo import DatabaseUrls
from angidi.server.addresses import ListenAddress, explain_refusal, probe_address
from angidi.telemetry.metrics import Metrics

HIGHEST_PORT = 65_535

_LOOPBACK = frozenset({b"", b"localhost", b"127.0.0.1", b"[::1]"})
"""Names of the loopback; none at all in the simple requests of load balancers (HTTP/1.0)."""


class PortUnavailable(Exception):
    """The management port cannot be used; the message names the setting and says why."""


def management_address(settings: Settings) -> ListenAddress | None:
    """Return where the management port is to listen, or None if it is turned off. Raises `PortUnavailable`."""
    host, port = settings.management_host, settings.management_port
    if port == 0:
        return None
    if port is None:
        port = settings.server_port + 1000
    if port > HIGHEST_PORT:
        raise PortUnavailable(
            f"MANAGEMENT_PORT: SERVER_PORT + 1000 is {port}, which is no port; example: MANAGEMENT_PORT=9080"
        )
    try:
        return probe_address(host, port)
    except OSError as error:
        raise PortUnavailable(explain_refusal("MANAGEMENT", (host, port), error, ("127.0.0.1", 9081))) from None


async def serve_management(settings: Settings, urls: DatabaseUrls, address: ListenAddress, stop: asyncio.Event) -> None:
    """Serve the management port until `stop` is set."""
    one_connection = settings.model_copy(update={"db_max_conns": 1, "db_min_conns": 0, "server_workers": 1})
    host, port = address
    server = Server(
        build_management(open_database(one_connection, urls), Metrics(dict), _hosts(host, settings.management_host)),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_level=LogLevels.error,  # a warning at each start says that granian's embedded server is experimental
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    await serving


def _hosts(address: str, host: str) -> frozenset[bytes]:
    """Return the names by which the loopback is called; none for another address, which may have any.

    A page in a browser of this machine can give the loopback a name of its own (DNS rebinding), and would then read
    what is answered.
    """
    if not ip_address(address).is_loopback:
        return frozenset()
    return _LOOPBACK | {_in_header(address), host.lower().encode()}


def _in_header(address: str) -> bytes:
    return (f"[{address}]" if ":" in address else address).encode()
