"""One server worker: the application by the environment's settings, which ends with its parent."""

import gc
import os
import signal
import threading
import time
from contextlib import suppress
from functools import partial

from angidi.app import build_app, open_database
from angidi.config import load
from angidi.db.conninfo import resolve_urls
from angidi.http.gateway import Gateway
from angidi.server.connections import ConnectionBounds, ConnectionLimiter, bound_of_process
from angidi.server.draining import GRACE, Draining
from angidi.server.signals import StopRelay, start_masked_thread
from angidi.server.sockets import CAN_LIST
from angidi.telemetry import logs
from angidi.telemetry.shared_metrics import join_metrics

INTERVAL = 0.5
"""Seconds between two rounds of `_maintain`."""


def create() -> Gateway:
    """Return the application of this worker."""
    settings = load()
    access_log = logs.configure(settings.log_level, settings.log_format)
    draining = Draining(settings.server_port)
    relay = StopRelay(draining.begin)
    join_metrics()
    app = build_app(settings, open_database(settings, resolve_urls(settings)), access_log, relay.start)
    draining.gateway = app
    per_address = bound_of_process(settings.connections_per_address, settings.server_workers)
    bounds = ConnectionBounds(per_address, settings.trusted_proxies)
    limiter = ConnectionLimiter(settings.server_port, bounds, app.log.metrics.count_closed)
    start_masked_thread(partial(_maintain, app, limiter))
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    freeze_gc()
    return app


def _maintain(app: Gateway, limiter: ConnectionLimiter) -> None:
    """Limit connections and record the statistics of the pool, again and again: no request waits for that."""
    while True:
        time.sleep(INTERVAL)
        with suppress(OSError):  # no descriptor is left for it: the next turn may have one
            app.log.metrics.record_pool()
            if CAN_LIST:
                limiter.check(time.monotonic())


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
