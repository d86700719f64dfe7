"""The counter behind the rate limit."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from angidi.http.middleware.sliding_window import SIZE, SlidingWindowCounter
from angidi.shared_memory import share_memory

MINUTE = 1_700_000_040.0  # a whole minute
LIMIT = 10


@pytest.fixture
def memory() -> str:
    path = share_memory("test", SIZE)
    assert path
    return path


@pytest.fixture
def window(memory: str) -> Iterator[SlidingWindowCounter]:
    window = SlidingWindowCounter(LIMIT, memory)
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


def test_more_clients_than_places_do_not_block_each_other() -> None:
    window = SlidingWindowCounter(1)
    served = sum(window.hit(f"client {number}", MINUTE) == 0 for number in range(80_000))
    window.close()
    assert served == 80_000


def hit_often(memory: str, count: int, results: "multiprocessing.Queue[int]") -> None:
    window = SlidingWindowCounter(1000, memory)
    results.put(sum(window.hit("a", MINUTE) == 0 for _ in range(count)))


def test_processes_count_together(memory: str) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = context.Queue()
    processes = [context.Process(target=hit_often, args=(memory, 700, results)) for _ in range(3)]
    for process in processes:
        process.start()
    assert sum(results.get(timeout=60) for _ in processes) == 1000
    for process in processes:
        process.join()


def test_without_memory_to_share_a_process_counts_for_itself() -> None:
    one, two = SlidingWindowCounter(LIMIT), SlidingWindowCounter(LIMIT)
    fill(one, "a", MINUTE)
    fill(two, "a", MINUTE)
    assert one.hit("a", MINUTE)


def test_nobody_can_shorten_the_memory_and_so_end_who_uses_it(memory: str, window: SlidingWindowCounter) -> None:
    with pytest.raises(PermissionError):
        os.truncate(memory, 0)
    assert Path(memory).stat().st_blocks * 512 >= SIZE  # no hole that would have to be filled
    fill(window, "a", MINUTE)
