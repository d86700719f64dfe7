"""What the processes of a server share: the signing key, the counts of the rate limit, and the metrics.

The first process makes it and passes it on by the environment, so that a worker which is started again needs no file of
the home: that may be gone by then, or its disk full.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from angidi.app import share_rate_limit, signing_key
from angidi.config import Settings
from angidi.telemetry.shared_metrics import share_metrics


@contextmanager
def shared_state(settings: Settings) -> Generator[None]:
    """Share what processes that are started in this block need. Raises `ConfigError` without a signing key."""
    os.environ["JWT_SECRET"] = signing_key(settings)
    share_rate_limit(settings)
    folder = tempfile.mkdtemp(prefix="angidi-metrics-")
    try:
        # While a worker ends, the next one begins; and the job worker and the management port have one process each.
        share_metrics(Path(folder), 2 * settings.server_workers + 2)
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
