"""One server worker: the application by the environment's settings, which ends with its parent."""

import gc
import os
import signal
import threading
import time
from functools import partial

from angidi.app import build_app, open_database
from angidi.config import load
from angidi.db.conninfo import resolve_urls
from angidi.http.gateway import Gateway
from angidi.server.connections import Bounds, Supervisor, share
from angidi.server.draining import Draining
from angidi.server.signals import StopRelay, start_blocked
from angidi.server.sockets import CAN_LOOK
from angidi.telemetry import logs
from angidi.telemetry.shared_metrics import join_metrics

GRACE = 9.0
"""Seconds that a worker has to answer what it has begun, once it is told to end."""

INTERVAL = 0.5
"""Seconds between looks at what belongs to no request."""


def create() -> Gateway:
    """Return the application of this worker."""
    settings = load()
    access_log = logs.configure(settings.log_level, settings.log_format)
    draining = Draining(settings.server_port, GRACE)
    relay = StopRelay(draining.begin)
    join_metrics()
    app = build_app(settings, open_database(settings, resolve_urls(settings)), access_log, relay.start)
    draining.gateway = app
    per_address = share(settings.connections_per_address, settings.server_workers)
    bounds = Bounds(per_address, settings.trusted_proxies)
    supervisor = Supervisor(settings.server_port, bounds, app.log.metrics.count_closed)
    start_blocked(partial(_look_after, app, supervisor))
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    freeze_gc()
    return app


def _look_after(app: Gateway, supervisor: Supervisor) -> None:
    """Do regularly what no request is to wait for."""
    while True:
        time.sleep(INTERVAL)
        if CAN_LOOK:
            supervisor.check(time.monotonic())
        app.log.metrics.record_pool()


def freeze_gc() -> None:
    """Exclude the objects that the start created, and that stay, from garbage collection, and collect less often.

    A request leaves hardly any cycles behind: with the defaults, collections took a third of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _end_with_parent(parent: int) -> None:
    """End this process when its parent is gone: a parent that was killed (SIGKILL) cannot end it."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE + 1)
    os._exit(1)
