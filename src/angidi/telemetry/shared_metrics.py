"""Metrics that the processes of a server count together, in memory that needs no room on a disk.

prometheus_client maps a file into memory for each process and kind of metric. Here these files are links to shared
memory, a set for each slot. A process holds the lock of its slot for life; the next one that gets the slot goes on with
its counts, so counters never fall.
"""

import fcntl
import os
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, values
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from angidi.shared_memory import share_memory

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable with the folder of the links."""

_LOCK_KIND = "histogram"
_LIVE_GAUGE = "gauge_livesum"
_KINDS = ("counter", _LIVE_GAUGE, _LOCK_KIND)
"""The files of a slot, as prometheus_client names them; a process locks the one of `_LOCK_KIND`."""

_SIZE = 1 << 16
"""Bytes of a new file of prometheus_client, which enlarges it when it is full."""


def share_metrics(folder: Path, processes: int) -> None:
    """Make at most `processes` processes at a time, started from now on, combine their metrics in `folder`."""
    os.environ[FOLDER] = str(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = soft + processes * len(_KINDS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else min(hard, needed), hard))
    for slot in range(processes):
        for kind in _KINDS:
            if memory := share_memory(f"angidi-metrics-{kind}-{slot}", _SIZE):
                _file(folder, kind, slot).symlink_to(memory)


def join_metrics() -> None:
    """Have this process count in a slot of the shared folder, if there is one; to be called once, at its start.

    It counts for itself if all slots are taken, or the folder is gone. A process that does not call this maps files of
    its own, which end it on a full disk.
    """
    library: Any = values  # which has no types here
    if folder := os.environ.get(FOLDER):
        slot = _claim_slot(Path(folder))
        library.ValueClass = library.MutexValue if slot is None else library.MultiProcessValue(lambda: slot)


def read_metrics() -> CollectorRegistry | None:
    """Return the metrics of all processes of the server; None if they are not shared."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    registry = CollectorRegistry()
    registry.register(_SlotCollector(Path(folder)))
    return registry


class _SlotCollector(Collector):
    """Adds up the files of all slots; gauges only of processes that are alive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [path for path in self._folder.glob("*.db") if path.exists() and self._counts(path.stem)]
        collector: Any = MultiProcessCollector
        return collector.merge([str(path) for path in files])

    def _counts(self, name: str) -> bool:
        kind, _, slot = name.rpartition("_")
        return kind != _LIVE_GAUGE or _is_held(_file(self._folder, _LOCK_KIND, slot))


def _claim_slot(folder: Path) -> int | None:
    """Lock and return the first free slot; without shared memory, the process id. None if all are taken or gone."""
    files = sorted(folder.glob(f"{_LOCK_KIND}_*.db"))
    for path in files:
        if _lock(path) is not None:  # open for the life of this process
            return int(path.stem.rpartition("_")[2])
    return None if files or not folder.is_dir() else os.getpid()


def _lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock of `path`, or None if another one holds it."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _is_held(path: Path) -> bool:
    descriptor = _lock(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def _file(folder: Path, kind: str, slot: object) -> Path:
    return folder / f"{kind}_{slot}.db"
