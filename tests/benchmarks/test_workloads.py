"""Windows of load: the figures made of them, and what does not count."""

import os
import subprocess
import sys

import pytest
from benchmarks.load import Report
from benchmarks.workloads import Window, processor_time, rates, refusals

from benchmarks import processes


def window(rate: float, **statuses: int) -> Window:
    report = Report(
        answers=10,
        seconds=1.0,
        rate=rate,
        p50=1.0,
        p90=1.0,
        p99=2.0,
        p999=2.0,
        maximum=3.0,
        cpu=0.1,
        bytes=100,
        statuses={"201": 10} | statuses,
    )
    return Window(report, service=0.0005, backends=0.0002)


TURNS = {
    "Angidi": [{"create": window(100)}, {"create": window(300)}, {"create": window(200)}],
    "Go": [{"create": window(900)}, {"create": window(900, **{"503": 1})}, {"create": window(900)}],
}


def test_the_median_of_the_rounds_counts() -> None:
    (figure,) = rates("create", TURNS)
    assert (figure.who, figure.median) == ("Angidi", 200)


def test_processor_time_is_told_by_answer_and_apart() -> None:
    (service,) = processor_time("create", TURNS, "service", "create: CPU")
    (backends,) = processor_time("create", TURNS, "backends", "create: CPU")
    assert service.median == pytest.approx(500)
    assert backends.median == pytest.approx(200)


def test_one_unexpected_answer_takes_the_row_and_is_told() -> None:
    assert all(figure.who != "Go" for figure in rates("create", TURNS))
    (told,) = refusals(TURNS)
    assert "Go at create" in told
    assert "'503': 1" in told


def test_the_processor_time_of_a_process_and_its_children_is_found() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        pids = processes.tree(os.getpid())
        assert child.pid in pids
        assert processes.used({}, processes.cpu([child.pid])) >= 0.25
        child.communicate("\n")
    assert processes.stat(child.pid) is None


def test_what_ended_counts_for_its_parent() -> None:
    before = processes.total(os.getpid())
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
    assert processes.total(os.getpid()) - before >= 0.25


def test_a_process_that_began_in_between_counts_from_its_start() -> None:
    assert processes.used({1: 2.0}, {1: 2.5, 2: 1.0}) == pytest.approx(1.5)
