"""The addresses to listen on: resolved, and tried before anything serves there."""

import socket

ListenAddress = tuple[str, int]
"""A resolved address and a port."""


def probe_address(host: str, port: int) -> ListenAddress:
    """Return the resolved address and the port, which nothing listens on. Raises `OSError`.

    Granian binds with SO_REUSEPORT, so a second server would silently share the port. Hence this trial bind without it.
    """
    family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(target)
        probe.listen()
    return str(target[0]), port


def url_of(host: str, port: int) -> str:
    """Return the URL of a server at a name or an address; an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
