"""The bounds of connections, on sockets of this process: by address, and by how much of an answer is read."""

import resource
import socket
import time
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.support.roles import environment_of
from tests.support.serving import serving
from tests.support.waiting import until

from angidi.asgi import INTERVAL
from angidi.server.connections import WRITE_DEADLINE, ConnectionBounds, ConnectionLimiter, bound_of_process
from angidi.server.sockets import CAN_LIST, limit_unsent, list_connections

pytestmark = pytest.mark.skipif(not CAN_LIST, reason="only Linux lists connections")

PLENTY = b"x" * 4_000_000


class Listener:
    """A listening socket, and the connections to it by the side of the client; the server's side is in `accepted`."""

    def __init__(self, stack: ExitStack, *, dual: bool = False) -> None:
        self._stack = stack
        family = socket.AF_INET6 if dual else socket.AF_INET
        address = ("::" if dual else "127.0.0.1", 0)
        self._socket = stack.enter_context(socket.create_server(address, family=family, dualstack_ipv6=dual))
        self.port = int(self._socket.getsockname()[1])
        self.accepted: list[socket.socket] = []
        self.closed = Counter[str]()

    def connect(self, address: str, said: bytes = b"") -> socket.socket:
        """Connect from an address and say something."""
        is_ipv6 = ":" in address
        client = self._stack.enter_context(socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.bind((address, 0))
        client.connect(("::1" if is_ipv6 else "127.0.0.1", self.port))
        client.sendall(said)
        server = self._stack.enter_context(self._socket.accept()[0])
        server.setblocking(False)
        self.accepted.append(server)
        until(lambda: self.received(client) == len(said))
        return client

    def received(self, client: socket.socket) -> int | None:
        """Return how many bytes the server has got from a client; None if it does not list the connection."""
        sizes = {each.peer[1]: each.received for each in list_connections(self.port)}
        return sizes.get(client.getsockname()[1])

    def limiter(self, per_address: int, exempt: str = "192.0.2.0/24") -> ConnectionLimiter:
        bounds = ConnectionBounds(per_address, (ip_network(exempt),))
        return ConnectionLimiter(self.port, bounds, lambda reason, number: self.closed.update({reason: number}))


@pytest.fixture
def listener() -> Generator[Listener]:
    with ExitStack() as stack:
        yield Listener(stack)


@pytest.fixture
def dual() -> Generator[Listener]:
    """A socket for both versions, which shows an IPv4 client as `::ffff:127.0.0.2`."""
    with ExitStack() as stack:
        yield Listener(stack, dual=True)


def is_closed(client: socket.socket) -> bool:
    """Tell whether the other side has closed."""
    client.setblocking(False)
    with suppress(BlockingIOError):
        try:
            return client.recv(1) == b""
        except ConnectionResetError:
            return True
    return False


def test_an_address_keeps_as_many_as_it_may_and_others_theirs(listener: Listener) -> None:
    greedy = [listener.connect("127.0.0.2", b"GET") for _ in range(7)]
    modest = [listener.connect("127.0.0.3") for _ in range(5)]
    listener.limiter(5).check(0)
    assert listener.closed == {"address": 2}
    until(lambda: sum(map(is_closed, greedy)) == 2)
    assert not any(map(is_closed, modest))


def test_at_a_socket_for_both_versions_each_address_has_the_bound(dual: Listener) -> None:
    clients = [[dual.connect(address, b"GET") for _ in range(7)] for address in ("::1", "127.0.0.2")]
    modest = [dual.connect("127.0.0.3", b"GET") for _ in range(5)]
    dual.limiter(5).check(0)
    assert dual.closed == {"address": 4}
    until(lambda: [sum(map(is_closed, greedy)) for greedy in clients] == [2, 2])
    assert not any(map(is_closed, modest))


def test_a_trusted_proxy_is_exempt_at_a_socket_for_both_versions(dual: Listener) -> None:
    for _ in range(9):
        dual.connect("127.0.0.2")
    dual.limiter(5, "127.0.0.0/24").check(0)
    assert not dual.closed


def test_who_has_asked_for_nothing_goes_first_and_then_the_newest(listener: Listener) -> None:
    limiter = listener.limiter(3)
    old, silent = listener.connect("127.0.0.2", b"GET"), listener.connect("127.0.0.2")
    limiter.check(0)
    new = [listener.connect("127.0.0.2", b"GET") for _ in range(3)]
    limiter.check(1)
    until(lambda: is_closed(silent))
    assert not is_closed(old)
    assert sum(map(is_closed, new)) == 1


@pytest.mark.parametrize(("per_address", "exempt"), [(0, "192.0.2.0/24"), (5, "127.0.0.0/24")])
def test_without_a_bound_and_for_trusted_proxies_nothing_is_closed(
    listener: Listener, per_address: int, exempt: str
) -> None:
    clients = [listener.connect("127.0.0.2") for _ in range(9)]
    listener.limiter(per_address, exempt).check(0)
    assert not listener.closed
    assert not any(map(is_closed, clients))


def test_a_client_that_reads_nothing_is_closed_at_the_deadline(listener: Listener) -> None:
    limiter = listener.limiter(0)
    listener.connect("127.0.0.2", b"GET")
    listener.accepted[0].send(PLENTY)
    limiter.check(0)
    limiter.check(WRITE_DEADLINE - 1)
    assert not listener.closed
    limiter.check(WRITE_DEADLINE)
    assert listener.closed == {"unread": 1}
    assert listener.accepted[0].recv(1) == b"G"
    with pytest.raises(BrokenPipeError):
        listener.accepted[0].send(b"more")


def test_a_client_that_reads_goes_on_however_long_it_takes(listener: Listener) -> None:
    limiter = listener.limiter(0)
    client = listener.connect("127.0.0.2", b"GET")
    for second in range(0, 60, 5):
        with suppress(BlockingIOError):
            listener.accepted[0].send(PLENTY)
        limiter.check(second)
        read = 0
        while read < 100_000:
            read += len(client.recv(100_000))
    assert not listener.closed


def test_an_idle_client_is_nothing_to_close(listener: Listener) -> None:
    limiter = listener.limiter(0)
    client = listener.connect("127.0.0.2", b"GET")
    listener.accepted[0].send(b"answer")
    assert client.recv(10) == b"answer"
    for second in (0, 60, 600):
        limiter.check(second)
    assert not listener.closed


def test_workers_share_the_bound_with_room_for_an_uneven_spread() -> None:
    assert [bound_of_process(*each) for each in ((600, 1), (600, 2), (600, 4), (0, 2))] == [600, 330, 165, 0]


def test_after_a_time_without_a_free_descriptor_the_bound_holds_again(fresh_db: str, tmp_path: Path) -> None:
    settings = {
        **environment_of(fresh_db),
        "ANGIDI_ENV": "test",
        "JWT_SECRET": "s" * 64,
        "CONNECTIONS_PER_ADDRESS": "3",
    }
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path / "home", measured=False, **settings))
        (worker,) = server.workers()
        before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, before[1]))
        time.sleep(3 * INTERVAL)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
        address = ("127.0.0.1", server.port)
        clients = [stack.enter_context(socket.create_connection(address)) for _ in range(5)]
        until(lambda: sum(map(is_closed, clients)) == 2)


def test_the_search_for_a_listener_leaves_no_descriptor_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert not limit_unsent(1, 4096)  # nothing of ours listens there
    assert len(list(Path("/proc/self/fd").iterdir())) == before
