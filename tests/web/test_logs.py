"""What a log line can and cannot hold."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from angidi.web import logs


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
