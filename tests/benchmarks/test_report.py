"""Figures, verdicts, and the report made of them."""

from pathlib import Path

import msgspec
from benchmarks.report import Report, merged, page, write
from benchmarks.results import Figure, Outcome, Verdict, below, compared

OURS = Figure(work="64 connections", who="Angidi", unit="/s", rounds=[90, 100, 500])
PEER = Figure(work="64 connections", who="Go", unit="/s", rounds=[50, 40, 60])


def log_fields(*outcomes: Outcome) -> Report:
    return Report(machine={"cores": "2"}, versions={}, settings={}, skipped={}, outcomes=list(outcomes))


def outcome(name: str, *figures: Figure, verdicts: tuple[Verdict, ...] = ()) -> Outcome:
    return Outcome(name=name, title=name, figures=list(figures), verdicts=list(verdicts))


def test_a_verdict_compares_the_medians() -> None:
    verdict = compared("faster", "≥", 2.0, OURS, PEER)
    assert verdict.value == 2.0
    assert verdict.met
    assert not compared("slower", "≤", 1.9, OURS, PEER).met


def test_a_goal_beside_a_peer_that_is_not_there_is_neither_met_nor_missed() -> None:
    verdict = compared("faster", "≥", 2.0, OURS, "Go")
    assert verdict.met is None
    assert verdict.beside == "Go was not measured"


def test_a_goal_may_be_a_figure_of_its_own() -> None:
    assert below("quick", 100, OURS).met
    assert not below("quick", 99, OURS).met


def test_the_page_has_a_line_for_each_goal() -> None:
    verdicts = (compared("fast", "≥", 2.0, OURS, PEER), compared("faster", "≥", 3.0, OURS, PEER))
    lines = list(page(log_fields(outcome("http", OURS, PEER, verdicts=verdicts)), {}))
    assert "| fast | ≥ 2× | 2.00× | 100/s : 50.0/s (Go) | yes |" in lines
    assert "| faster | ≥ 3× | 2.00× | 100/s : 50.0/s (Go) | **no** |" in lines


def test_a_part_measured_anew_replaces_its_former_result_and_no_other(tmp_path: Path) -> None:
    write(tmp_path, log_fields(outcome("one", OURS), outcome("two", OURS)))
    both = merged(tmp_path, log_fields(outcome("two", PEER)), ["one", "two"])
    assert [(found.name, found.figures[0].who) for found in both.outcomes] == [("one", "Angidi"), ("two", "Go")]


def test_who_was_skipped_formerly_and_is_measured_now_is_not_said_to_be_missing(tmp_path: Path) -> None:
    skipped = {"Go": "not installed", "Django": "not installed"}
    write(tmp_path, msgspec.structs.replace(log_fields(outcome("one", OURS)), skipped=skipped))
    assert set(merged(tmp_path, log_fields(outcome("one", OURS, PEER)), ["one"]).skipped) == {"Django"}


def test_results_of_another_machine_are_not_mixed_in(tmp_path: Path) -> None:
    write(tmp_path, log_fields(outcome("one", OURS)))
    other = msgspec.structs.replace(log_fields(outcome("two", OURS)), machine={"cores": "64"})
    assert [found.name for found in merged(tmp_path, other, ["one", "two"]).outcomes] == ["two"]


def test_a_ratio_to_nothing_is_no_verdict() -> None:
    nothing = Figure(work="HOT", who="before", unit="%", rounds=[0.0])
    assert compared("more", "≥", 1.0, OURS, nothing).met is None
    assert list(page(log_fields(outcome("one", nothing, OURS)), {}))


def test_what_writes_cost_is_drawn_as_bars(tmp_path: Path) -> None:
    log = Figure(work="an insert: log", who="Angidi", unit="kB", rounds=[8.5])
    write(tmp_path, log_fields(outcome("writes", log), outcome("http-writes", OURS, PEER)))
    assert "8.50 kB" in (tmp_path / "writes.svg").read_text()
    assert ">Go<" in (tmp_path / "http-writes.svg").read_text()
