"""One server worker: the application by the environment's settings, which ends with its parent."""

import gc
import os
import signal
import threading
import time

from angidi.app import build_app, open_database
from angidi.config import load
from angidi.db.conninfo import resolve_urls
from angidi.http.gateway import Gateway
from angidi.telemetry import logs

GRACE = 10.0
"""Seconds that an orphaned worker has to finish."""


def create() -> Gateway:
    """Return the application of this worker."""
    settings = load()
    access_log = logs.configure(settings.log_level, settings.log_format)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    app = build_app(settings, open_database(settings, resolve_urls(settings)), access_log)
    freeze_gc()
    return app


def freeze_gc() -> None:
    """Keep what the start made, which stays to the end, out of every collection of garbage, and make these rarer.

    A request leaves next to none behind: with the defaults a third of its time went into looking for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _end_with_parent(parent: int) -> None:
    """End this process when its parent is gone, which could not tell it: a kill -9 leaves no time to."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
