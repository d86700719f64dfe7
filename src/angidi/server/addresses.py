"""The addresses to listen on: resolved, and tried before anything serves there."""

import errno
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


def explain_refusal(setting: str, address: ListenAddress, error: OSError, example: ListenAddress) -> str:
    """Return which of `setting`_HOST and `setting`_PORT is to change after an error of `probe_address`, and why."""
    host, port = address
    if isinstance(error, socket.gaierror):
        name, value, reason = "HOST", example[0], f"{host} cannot be resolved ({error.strerror})"
    elif error.errno == errno.EADDRNOTAVAIL:
        name, value, reason = "HOST", example[0], f"{host} is no address of this machine"
    else:
        name, value, reason = "PORT", example[1], f"cannot listen on {host}:{port} ({error.strerror})"
    return f"{setting}_{name}: {reason}; example: {setting}_{name}={value}"


def url_of(host: str, port: int) -> str:
    """Return the URL of a server at a name or an address; an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
