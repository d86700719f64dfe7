"""What has to look and read as in Go."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from angidi.migrate.errors import SourceError
from angidi.migrate.files.create import Naming, create
from angidi.migrate.golang.flags import Flag, FlagSet, HelpRequested, UsageError, Value
from angidi.migrate.golang.times import duration, layout
from angidi.migrate.run.failure import text_position

from .conftest import Scratch


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (1e-9, "1ns"), (345.6e-6, "345.6µs"), (0.012345678, "12.345678ms"), (1.5, "1.5s"),
        (62.5, "1m2.5s"), (60, "1m0s"), (3600, "1h0m0s"), (3661.25, "1h1m1.25s"), (0.1, "100ms"), (2, "2s"),
    ],
)  # fmt: skip
def test_a_duration_looks_as_in_go(seconds: float, text: str):
    assert duration(seconds) == text


MOMENT = datetime(2026, 3, 4, 15, 6, 7, 89012, tzinfo=timezone(timedelta(hours=5, minutes=30)))


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("20060102150405", "20260304150607"), ("2006-01-02T15:04:05Z07:00", "2026-03-04T15:06:07+05:30"),
        ("Jan _2 Mon 06 3:04PM -0700", "Mar  4 Wed 26 3:06PM +0530"), ("05.000 .999999", "07.089 .089012"),
        ("January Monday 002 1 2 4 5 pm -07", "March Wednesday 063 3 4 6 7 pm +05"),
    ],
)  # fmt: skip
def test_a_time_is_laid_out_as_in_go(reference: str, text: str):
    assert layout(MOMENT, reference) == text


def test_utc_is_a_z():
    assert layout(MOMENT.astimezone(UTC), "15:04Z0700") == "09:36Z"


FLAGS = [Flag("all"), Flag("n", 10, kind="uint"), Flag("i", 0, kind="int"), Flag("dir", "", kind="string")]


@pytest.mark.parametrize(
    ("arguments", "name", "value", "rest"),
    [
        (["-all", "x"], "all", True, ["x"]), (["--all=false"], "all", False, []), (["-all=T"], "all", True, []),
        (["-n", "0x1F"], "n", 31, []), (["-n=0b11"], "n", 3, []), (["-n", "0o17"], "n", 15, []),
        (["-n", "017"], "n", 15, []), (["-n", "1_000"], "n", 1000, []), (["-i", "-5"], "i", -5, []),
        (["-dir", "-all"], "dir", "-all", []), (["-dir="], "dir", "", []), (["--", "-all"], "all", False, ["-all"]),
        (["x", "-all"], "all", False, ["x", "-all"]), (["-"], "all", False, ["-"]),
    ],
)  # fmt: skip
def test_flags_are_read_as_by_gos_flag_package(arguments: list[str], name: str, value: Value, rest: list[str]):
    flags = FlagSet(FLAGS)
    assert (flags.parse(arguments), flags.values[name]) == (rest, value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-x"], "flag provided but not defined: -x"), (["-n"], "flag needs an argument: -n"),
        (["-n", "-1"], 'invalid value "-1" for flag -n: parse error'),
        (["-n", "1__0"], 'invalid value "1__0" for flag -n: parse error'),
        (["-n", "18446744073709551616"], 'invalid value "18446744073709551616" for flag -n: value out of range'),
        (["-all=x"], 'invalid boolean value "x" for -all: parse error'), (["---all"], "bad flag syntax: ---all"),
        (["-=1"], "bad flag syntax: -=1"),
    ],
)  # fmt: skip
def test_wrong_flags_are_told_in_gos_words(arguments: list[str], text: str):
    with pytest.raises(UsageError) as caught:
        FlagSet(FLAGS).parse(arguments)
    assert str(caught.value) == text


def test_h_asks_for_help():
    with pytest.raises(HelpRequested):
        FlagSet(FLAGS).parse(["-h"])


@pytest.mark.parametrize(
    ("text", "position", "place"),
    [
        ("SELECT *\nFROM foo", 15, (2, 6)), ("SELECT *\nFROM foo", 10, (2, 1)), ("SELECT *\nFROM foo", 17, (2, 8)),
        ("SELECT *\nFROM foo", 18, None), ("SELECT *\n\nFROM foo", 16, (3, 6)),
        ("SELECT *\nFROM foo\nWHERE x", 25, (3, 7)), ("SELECT *\r\nFROM foo", 16, (2, 6)),
    ],
)  # fmt: skip
def test_a_position_becomes_line_and_column_with_crlf_counted_right(
    text: str, position: int, place: tuple[int, int] | None
):
    found = text_position(text, position)
    assert (found and (found.line, found.column)) == place


def test_the_next_number_in_sequence_follows_the_highest_not_the_last_name(scratch: Scratch):
    scratch.files(u9_x="", u10_y="")
    (scratch.folder / "notes.sql").touch()
    now = datetime.now(UTC)
    [up, down] = create(scratch.folder, "next", Naming("sql", sequential=True, digits=2), now)
    assert (up.name, down.name) == ("11_next.up.sql", "11_next.down.sql")
    with pytest.raises(SourceError, match="Malformed migration filename"):
        create(scratch.folder, "next", Naming("sql", sequential=True, strict=True), now)


@pytest.mark.parametrize(("form", "digits"), [("unix", 10), ("unixNano", 19), ("2006", 4)])
def test_a_version_can_be_the_time_in_other_forms(scratch: Scratch, form: str, digits: int):
    now = datetime.now(UTC)
    [up, _] = create(scratch.folder, "x", Naming("sql", format=form), now)
    assert len(up.name.partition("_")[0]) == digits
    with pytest.raises(SourceError, match="duplicate migration version"):
        create(scratch.folder, "y", Naming("sql", format=form), now)
