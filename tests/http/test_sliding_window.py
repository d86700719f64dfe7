"""The counter behind the rate limit."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from angidi.http.middleware.sliding_window import SlidingWindowCounter

MINUTE = 1_700_000_040.0  # a whole minute
LIMIT = 10


@pytest.fixture
def window(tmp_path: Path) -> Iterator[SlidingWindowCounter]:
    window = SlidingWindowCounter(tmp_path / "run" / "rate-limit", LIMIT)
    yield window
    window.close()


def fill(window: SlidingWindowCounter, key: str, now: float) -> None:
    assert [window.hit(key, now) for _ in range(LIMIT)] == [0] * LIMIT


def test_the_limit_is_reached_after_as_many_hits(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE)
    assert window.hit("a", MINUTE + 20.5) == 40


def test_another_client_is_not_concerned(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE)
    assert window.hit("b", MINUTE) == 0


def test_a_refused_hit_does_not_count(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE)
    for _ in range(100):
        window.hit("a", MINUTE + 1)
    assert window.hit("a", MINUTE + 66.1) == 0


def test_the_previous_minute_fades_away(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE + 59)
    assert window.hit("a", MINUTE + 60) > 0
    later = [window.hit("a", MINUTE + 90) for _ in range(LIMIT)]
    assert later.count(0) == LIMIT // 2


def test_whoever_waits_as_long_as_told_is_served(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE + 30)
    now = MINUTE + 61
    wait = window.hit("a", now)
    assert window.hit("a", now + wait) == 0


def test_after_two_minutes_everything_is_forgotten(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE)
    fill(window, "a", MINUTE + 120)


def test_a_clock_that_was_set_back_starts_afresh(window: SlidingWindowCounter) -> None:
    fill(window, "a", MINUTE)
    fill(window, "a", MINUTE - 600)


def test_more_clients_than_places_do_not_block_each_other(tmp_path: Path) -> None:
    window = SlidingWindowCounter(tmp_path / "rate-limit", 1)
    served = sum(window.hit(f"client {number}", MINUTE) == 0 for number in range(80_000))
    window.close()
    assert served == 80_000


def hit_often(path: Path, count: int, results: "multiprocessing.Queue[int]") -> None:
    window = SlidingWindowCounter(path, 1000)
    results.put(sum(window.hit("a", MINUTE) == 0 for _ in range(count)))


def test_processes_count_together(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = context.Queue()
    path = tmp_path / "rate-limit"
    processes = [context.Process(target=hit_often, args=(path, 700, results)) for _ in range(3)]
    for process in processes:
        process.start()
    assert sum(results.get(timeout=60) for _ in processes) == 1000
    for process in processes:
        process.join()
