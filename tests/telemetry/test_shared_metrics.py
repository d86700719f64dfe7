"""Metrics that processes count together."""

import multiprocessing
import os
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from angidi.telemetry.metrics import Metrics
from angidi.telemetry.shared_metrics import FOLDER, join_metrics, read_metrics, share_metrics

CONTEXT = multiprocessing.get_context("spawn")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, "")  # which is undone
    share_metrics(tmp_path, 3)
    return tmp_path


def serve(requests: int) -> None:
    """Be a worker that answers so many requests and has as many connections."""
    join_metrics()
    metrics = Metrics(lambda: {"open": requests})
    for _ in range(requests):
        metrics.observe("GET", "/products", 200, 0.1)
    metrics.render()


def serve_until(ready: Event, end: Event) -> None:
    """Be a worker that has three connections until the end."""
    serve(3)
    ready.set()
    end.wait(60)


def run(requests: int) -> None:
    """Have a worker begin and end."""
    worker = CONTEXT.Process(target=serve, args=(requests,))
    worker.start()
    worker.join()
    assert worker.exitcode == 0


def read() -> dict[str, float]:
    """Return the samples as any process of the server reads them."""
    registry = read_metrics()
    assert registry
    lines = generate_latest(registry).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


REQUESTS = 'angidi_http_request_duration_seconds_count{method="GET",route="/products",status="200"}'
OPEN = 'angidi_pool{figure="open"}'


@pytest.mark.usefixtures("folder")
def test_the_counts_of_processes_add_up_and_outlive_them() -> None:
    for requests in (3, 4, 5, 6):  # more than there are slots
        run(requests)
    assert read()[REQUESTS] == 18
    assert read()["angidi_metrics_scrapes_total"] == 4


@pytest.mark.usefixtures("folder")
def test_a_gauge_counts_only_while_its_process_is_alive() -> None:
    ready, end = CONTEXT.Event(), CONTEXT.Event()
    worker = CONTEXT.Process(target=serve_until, args=(ready, end))
    worker.start()
    run(4)
    ready.wait(60)
    assert read()[OPEN] == 3
    end.set()
    worker.join()
    assert OPEN not in read()


def test_a_folder_that_was_removed_leaves_the_processes_alone(folder: Path) -> None:
    for link in folder.iterdir():
        link.unlink()
    folder.rmdir()
    run(3)
    assert read() == {}


def test_no_file_can_be_shortened_below_a_process_that_maps_it(folder: Path) -> None:
    for link in folder.iterdir():
        with pytest.raises(PermissionError):
            os.truncate(link, 0)
