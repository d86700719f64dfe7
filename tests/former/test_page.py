"""The page on the take-over says what is the case: its steps are taken, with a database of the former service."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import bcrypt
import httpx
import psycopg
import pytest

from angidi.config import Settings
from angidi.embedded import EmbeddedServer
from tests.e2e.test_readme_tour import assert_shown, shell
from tests.former.test_recordings import differences
from tests.former.tokens import FORMER_KEY, access_token
from tests.support import go_service
from tests.support.serving import ROOT, serving

PAGE = (ROOT / "docs/how-to/take-over-from-the-go-service.md").read_text(encoding="utf-8")
SERVE = ".venv/bin/angidi serve"
OTHERS = {"DATABASE_URL", "ZONE", "TZ", "CORS", "CREATE", "WARNING", "UTC", "PUT"}
PASSWORD = "go-gopher-1"
HASHES = "SELECT id, password_hash FROM users ORDER BY id"


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and content of each block of code, without its indentation."""
    for found in re.finditer(r"^( *)```(\w+)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield found[2], re.sub(f"^{found[1]}", "", found[3], flags=re.MULTILINE).strip()


def test_every_difference_on_purpose_is_on_the_page() -> None:
    listed = re.findall(r"^- (.+?)[;.]$", section("What differs on purpose"), re.MULTILINE)
    assert listed == [each["contract"] for each in differences()]


def test_every_setting_on_the_page_exists() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})(?:=\S*)?`", PAGE)) - OTHERS
    named |= {line.partition("=")[0] for kind, content in blocks(PAGE) if kind == "ini" for line in content.split("\n")}
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_what_the_page_calls_recorded_is_where_it_says() -> None:
    assert "`tests/former/`" in PAGE
    assert all(tomllib.loads(path.read_text(encoding="utf-8")) for path in Path(__file__).parent.glob("*/*.toml"))


@pytest.fixture
def former(empty_db: str, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who follows the page."""
    with psycopg.connect(empty_db, autocommit=True) as conn:
        go_service.restore(conn)
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
        conn.execute("UPDATE users SET password_hash = %s", [hashed])
    return {
        "DATABASE_URL": empty_db,
        "ZONE": "Europe/Berlin",
        "ANGIDI_HOME": str(tmp_path / "home"),
        "PATH": f"{EmbeddedServer(Path()).binaries}:{os.environ['PATH']}",
    }


@pytest.mark.long
def test_the_steps_go_as_the_page_says(former: dict[str, str], tmp_path: Path) -> None:
    with shell(**former) as terminal, psycopg.connect(former["DATABASE_URL"], autocommit=True) as conn:
        before = conn.execute(HASHES).fetchall()
        terminal.run(f"cd {tmp_path}; ln -sfn {quote(str(ROOT / '.venv'))} .venv")
        output = ""
        for language, content in blocks(section("Steps")):
            if language == "text":
                assert_shown(sorted(content.splitlines()), sorted(_without_sessions(output)))
            elif language == "sh" and content != SERVE:
                output = terminal.run(content)
        assert (tmp_path / "before-takeover.dump").stat().st_size > 0
        assert "DIFFERS" not in output
        _serve_as_the_page_says(former, tmp_path, conn)
        terminal.run(next(content for _, content in blocks(section("What can be gone back to"))))
        assert conn.execute(HASHES).fetchall() == before
        assert conn.execute("SELECT version FROM schema_migrations").fetchone() == (4,)


def _without_sessions(output: str) -> Iterator[str]:
    """Yield the lines but for the warning of other sessions, which the test itself is."""
    return (line for line in output.splitlines() if "has other sessions" not in line)


def _serve_as_the_page_says(former: dict[str, str], tmp_path: Path, conn: psycopg.Connection) -> None:
    """Log in by the old password and by a token of the former service."""
    settings = {"JWT_SECRET": "0123456789abcdef" * 2, "JWT_PREVIOUS_SECRET": FORMER_KEY, "PASSWORD_REHASH": "false"}
    (ini,) = [content for kind, content in blocks(section("Steps")) if kind == "ini"]
    assert [line.partition("=")[0] for line in ini.splitlines()] == [*settings]
    (user_id,) = conn.execute("SELECT id FROM users WHERE name = 'Ann'").fetchall()[0]
    environment = settings | {"DATABASE_URL": former["DATABASE_URL"]}
    with serving(tmp_path / "home", measured=True, **environment) as server:
        assert "warning: JWT_PREVIOUS_SECRET: is weak (12 bytes)" in server.output
        body = {"email": "ann@example.com", "password": PASSWORD}
        assert httpx.post(f"{server.url}/api/v1/users/login", json=body).status_code == 200
        headers = {"Authorization": f"Bearer {access_token(user_id, 'admin')}"}
        answer = httpx.get(f"{server.url}/api/v1/users/me", headers=headers)
        assert answer.json()["data"]["created_at"] == "2023-06-01T21:30:00.123456Z"
