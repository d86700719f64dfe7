"""The end of a worker that has no descriptor left."""

import resource
import signal
import socket
import time
from pathlib import Path

import pytest
from tests.support.roles import environment_of
from tests.support.serving import serving

from angidi.server.draining import INTERVAL
from angidi.server.sockets import CAN_LIST


@pytest.mark.skipif(not CAN_LIST, reason="only Linux lists connections")
def test_a_time_without_a_free_descriptor_does_not_end_the_draining(fresh_db: str, tmp_path: Path) -> None:
    settings = {**environment_of(fresh_db), "ANGIDI_ENV": "test", "JWT_SECRET": "s" * 64}
    with serving(tmp_path / "home", measured=False, **settings) as server:
        (worker,) = server.workers()
        with socket.create_connection(("127.0.0.1", server.port)):
            before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
            resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, before[1]))
            server.process.send_signal(signal.SIGTERM)
            time.sleep(5 * INTERVAL)
            resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
            assert server.process.wait(30) == 0
        assert "Traceback" not in server.output
