"""What a log line can and cannot hold."""

import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog
from tests.support.terminal import Terminal

from angidi.telemetry import logs
from angidi.telemetry.access_log import AccessLine


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def line(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    structlog.get_logger("angidi.test").info("request", path="/a\nb", status=200)
    text = line(capsys)
    assert text.count("\n") == 1
    found = json.loads(text)
    assert (found["event"], found["status"], found["level"], found["logger"]) == ("request", 200, "info", "angidi.test")
    assert found["timestamp"].endswith("Z")


def test_the_standard_librarys_loggers_write_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    logging.getLogger("psycopg.pool").warning("lost %s", "it")
    assert json.loads(line(capsys))["event"] == "lost it"


def test_the_console_form_escapes_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger("angidi.test").info("request", path="/a\r\nforged \x1b[31m")
    text = line(capsys)
    assert text.count("\n") == 1
    assert "\x1b[31m" not in text.replace("\x1b[0m", "")


def test_the_console_form_escapes_control_characters_of_errors_and_of_what_is_no_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", "console")
    reason = ValueError("\x1b[31mforged\x9b\u202e")
    structlog.get_logger("angidi.test").error("failed", exc_info=reason, error=reason)
    text = line(capsys)
    assert not any(char in text for char in ("\x1b[31m", "\x9b", "\u202e"))
    assert "\nValueError: " in text


def test_less_severe_messages_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", "json")
    structlog.get_logger("angidi.test").info("request")
    assert line(capsys) == ""


def test_an_exception_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    structlog.get_logger("angidi.test").error("unforeseen error", exc_info=RuntimeError("odd"))
    text = line(capsys)
    assert text.count("\n") == 1
    assert "RuntimeError: odd" in json.loads(text)["exception"]


# The access log


def access_line(path: str = "/products") -> AccessLine:
    return AccessLine("mine", "GET", "/products/{product_id}", path, 200, 1.25, 1)


async def logged(
    level: str, form: Literal["json", "console"], line: AccessLine, capsys: pytest.CaptureFixture[str]
) -> str:
    """Return what the access log writes of a request before the event loop waits again."""
    logs.configure(level, form)(line)
    await asyncio.sleep(0)
    return capsys.readouterr().err


async def test_a_request_is_logged_in_the_fields_of_any_other_message(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"request_id": "mine", "method": "GET", "route": "/products/{product_id}", "path": "/products",
              "status": 200, "duration_ms": 1.25, "statements": 1}  # fmt: skip
    text = await logged("info", "json", access_line(), capsys)
    structlog.get_logger("angidi.access").info("request", **fields)
    own, other = json.loads(text), json.loads(line(capsys))
    assert text.count("\n") == 1
    assert [*own] == [*other]
    assert len(own.pop("timestamp")) == len(other.pop("timestamp"))
    assert own == other


@pytest.mark.parametrize(
    "forged", ["/a\n{}", "/a\r\nb", "/\u2028", "/\x85", "/\x9b31m", "/\x1b[31m", "/\ud800", "/ü\x00"]
)
async def test_no_path_can_break_a_line_or_steer_a_terminal(forged: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = await logged("info", "json", access_line(forged), capsys)
    assert len(text.splitlines()) == 1
    assert text.rstrip("\n").isascii()
    assert text.rstrip("\n").isprintable()
    assert json.loads(text)["path"] == forged


async def test_on_a_console_a_request_is_a_short_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = await logged("info", "console", access_line(), capsys)
    assert re.fullmatch(r"\d\d:\d\d:\d\d info     GET /products 200 1 ms\n", text)


@pytest.mark.parametrize("forged", ["/a\r\nforged", "/\x1b[31m", "/\x9b31m", "/\u2028", "/\ud800"])
async def test_on_a_console_no_path_breaks_a_line_either(forged: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = await logged("info", "console", access_line(forged), capsys)
    assert len(text.splitlines()) == 1
    assert ascii(forged)[1:-1] in text


def test_on_a_console_the_fields_follow_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger("angidi.db").warning("slow statement", rows=5, statement="SELECT 1")
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d warning  slow statement logger=angidi.db rows=5 statement='SELECT 1'\n", line(capsys)
    )


def test_on_a_console_an_exception_has_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger("angidi.test").error("unforeseen error", exc_info=RuntimeError("odd"))
    assert line(capsys).endswith("\nRuntimeError: odd\n")


async def test_requests_are_not_logged_where_only_what_is_severe_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert await logged("warning", "json", access_line(), capsys) == ""


async def test_a_log_that_cannot_be_written_fails_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull, "w", encoding="utf-8") as closed:  # noqa: ASYNC230, PTH123 - nothing waits for it
        monkeypatch.setattr(sys, "stderr", closed)
        access_log = logs.configure("info", "json")
    access_log(access_line())
    await asyncio.sleep(0)
    monkeypatch.undo()
    assert line(capsys) == ""


# The form that is not chosen


@pytest.mark.parametrize(
    ("environment", "coloured"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_on_a_terminal_lines_are_for_people(environment: dict[str, str], *, coloured: bool) -> None:
    shown = on_terminal({"TERM": "xterm", "NO_COLOR": "", "LOG_FORMAT": "", **environment})
    assert " GET /health 200 " in re.sub(r"\x1b\[\d+m", "", shown)
    assert ("\x1b[" in shown) == coloured


def test_json_on_a_terminal_has_to_be_chosen() -> None:
    assert json.loads(on_terminal({"LOG_FORMAT": "json"}))["path"] == "/health"


def test_into_a_file_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", None)
    structlog.get_logger("angidi.test").info("request")
    assert json.loads(line(capsys))["event"] == "request"


def on_terminal(environment: dict[str, str]) -> str:
    """Return what a process that writes a line of the access log shows on a terminal."""
    terminal = Terminal(["-c", ONE_REQUEST], environment)
    assert terminal.end() == 0, terminal.shown
    return terminal.shown


ONE_REQUEST = """
import asyncio
from angidi.config import load
from angidi.telemetry import logs
from angidi.telemetry.access_log import AccessLine

async def main():
    logs.configure("info", load().log_format)(AccessLine("mine", "GET", "/health", "/health", 200, 3.0, 1))
    await asyncio.sleep(0)

asyncio.run(main())
"""
