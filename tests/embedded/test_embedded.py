"""The embedded PostgreSQL: who starts it, who shares it, who stops it, and what a crash leaves."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from tests.support.waiting import until

from angidi.embedded import AlreadyServing, EmbeddedError, EmbeddedServer, serve_lock
from angidi.embedded.account import choose_runner
from angidi.embedded.postmaster import Postmaster

JOIN = """
import sys
from pathlib import Path
from angidi.embedded import EmbeddedServer, serve_lock
home = Path(sys.argv[1])
server = EmbeddedServer(home, durable=False, notify=lambda _: None)
with serve_lock(home) if "serve" in sys.argv else server as held:
    print(held.url("postgres") if held else "serving", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped cluster, which every test leaves stopped and whole."""
    home = tmp_path_factory.mktemp("embedded") / "home"
    with embedded(home):
        pass
    return home


@pytest.fixture
def spare(home: Path, tmp_path: Path) -> Path:
    """A copy of it, to harm."""
    return Path(shutil.copytree(home, tmp_path / "spare"))


def embedded(home: Path, *, durable: bool = False) -> EmbeddedServer:
    return EmbeddedServer(home, durable=durable, notify=lambda _: None)


@contextmanager
def process(home: Path, *arguments: str) -> Generator[tuple["subprocess.Popen[str]", str]]:
    """Another process that joins, or serves, until the end of the block; with the line that it printed."""
    command = [sys.executable, "-c", JOIN, str(home), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdin
        yield other, other.stdout.readline().strip()
        other.stdin.close()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(query.encode()).fetchone()
    return row and row[0]


def postmaster(home: Path, url: str) -> int:
    """Number of the postmaster, proved: it is the parent of the process that answers us."""
    with psycopg.connect(url) as conn:
        status = Path(f"/proc/{conn.info.backend_pid}/status").read_text(encoding="utf-8")
    parent = int(status.split("PPid:")[1].split()[0])
    assert parent == int((home / "data/postmaster.pid").read_text(encoding="utf-8").split()[0])
    return parent


def runs(home: Path) -> bool:
    return (home / "data/postmaster.pid").exists() or any((home / "run").iterdir())


def test_the_first_start_makes_a_durable_cluster_that_answers(tmp_path: Path) -> None:
    with embedded(tmp_path / "home", durable=True) as server:
        assert ask(server.url("postgres"), "SHOW fsync") == "on"


def test_a_second_user_shares_the_running_server(home: Path) -> None:
    with embedded(home) as one, embedded(home) as two:
        assert postmaster(home, one.url("postgres")) == postmaster(home, two.url("postgres"))


def test_a_user_that_leaves_does_not_disturb_the_others(home: Path) -> None:
    with embedded(home) as one, psycopg.connect(one.url("postgres")) as conn:
        with process(home):
            pass
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_the_last_one_out_stops_the_server(home: Path) -> None:
    with embedded(home), process(home):
        assert runs(home)
    assert not runs(home)


def test_a_server_left_by_a_killed_user_is_joined_and_then_stopped(home: Path) -> None:
    with process(home) as (user, url):
        number = postmaster(home, url)
        user.kill()
    with embedded(home) as server:
        assert postmaster(home, server.url("postgres")) == number
    assert not runs(home)


def test_two_processes_on_an_empty_home_make_one_cluster(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-c", JOIN, str(home)]
    pair = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in "12"]
    urls = [user.stdout.readline().strip() for user in pair if user.stdout]
    assert urls[0] == urls[1]
    assert len({postmaster(home, url) for url in urls}) == 1
    for user in pair:
        user.communicate()
    assert not runs(home)


HASTE = """
import sys, psycopg
from pathlib import Path
from angidi.embedded import EmbeddedServer
from angidi.embedded.account import choose_runner
from angidi.embedded.postmaster import Postmaster
home = Path(sys.argv[1])
for _ in range(8):
    server = EmbeddedServer(home, durable=False, notify=lambda _: None)
    server.join()
    with psycopg.connect(server.url("postgres")) as conn:
        conn.execute("SELECT pg_sleep(0.01)")
    if sys.argv[2] == "rude":
        Postmaster(choose_runner(home), home).stop(print)
    server.leave()
"""


@pytest.mark.parametrize("manner", ["polite", "rude"])
@pytest.mark.long
def test_nobody_stops_the_server_under_another_user(home: Path, manner: str) -> None:
    command = [sys.executable, "-c", HASTE, str(home), manner]
    users = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for user in users:
        user.communicate()
    failures = sum(user.returncode != 0 for user in users)
    assert (failures > 0) == (manner == "rude")  # the control: who stops it without asking is noticed


def test_only_one_serves_and_the_refusal_names_its_process(tmp_path: Path) -> None:
    with process(tmp_path, "serve") as (other, _):
        with pytest.raises(AlreadyServing) as refusal, serve_lock(tmp_path):
            pass
        assert f"(process {other.pid})" in str(refusal.value)
        assert f"kill {other.pid}" in str(refusal.value)
        assert "\n" not in str(refusal.value)
    with serve_lock(tmp_path):
        pass


def test_a_killed_serve_holds_no_lock(tmp_path: Path) -> None:
    with process(tmp_path, "serve") as (other, _):
        other.kill()
        other.wait()
        with serve_lock(tmp_path):
            pass


@pytest.mark.parametrize("commit", ["on", "off"])
def test_a_committed_row_survives_the_kill_of_postgres(spare: Path, commit: str) -> None:
    with (spare / "data/postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("wal_writer_delay = 10s\n")  # nobody but COMMIT writes the log out in time
    with embedded(spare, durable=True) as server:
        url = server.url("postgres")
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE kept (n integer)")
            conn.execute(f"SET synchronous_commit = {commit}".encode())
            conn.execute("INSERT INTO kept VALUES (1)")
            os.kill(postmaster(spare, url), signal.SIGKILL)
        with embedded(spare, durable=True):
            found = ask(url, "SELECT count(*) FROM kept")
    assert found == (1 if commit == "on" else 0)  # the control: an asynchronous commit is lost


def test_a_stale_number_in_the_pid_file_harms_nobody(home: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as bystander:
        with embedded(home) as server:
            lines = (home / "data/postmaster.pid").read_text(encoding="utf-8").splitlines()
            os.kill(postmaster(home, server.url("postgres")), signal.SIGKILL)
        text = "\n".join([str(bystander.pid), *lines[1:]])
        (home / "data/postmaster.pid").write_text(f"{text}\n", encoding="utf-8")
        (home / "run/.s.PGSQL.5432.lock").write_text(f"{text}\n", encoding="utf-8")
        with embedded(home) as server:
            assert ask(server.url("postgres"), "SELECT 1") == 1
        assert bystander.poll() is None
        bystander.kill()


def test_no_process_but_the_proved_one_is_signalled(home: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as bystander, embedded(home) as server:
        number, file = postmaster(home, server.url("postgres")), home / "data/postmaster.pid"
        truth = file.read_text(encoding="utf-8")
        file.write_text(truth.replace(str(number), str(bystander.pid), 1), encoding="utf-8")
        assert not Postmaster(choose_runner(home), home).interrupt()
        file.write_text(truth, encoding="utf-8")
        assert bystander.poll() is None
        bystander.kill()


def test_a_copied_home_gets_a_server_of_its_own(home: Path, tmp_path: Path) -> None:
    with embedded(home) as server:
        copy = tmp_path / "copy"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns(".s.PGSQL*"))
        with embedded(copy) as other:
            assert ask(other.url("postgres"), "SHOW data_directory") == str(copy / "data")
        assert ask(server.url("postgres"), "SHOW data_directory") == str(home / "data")


def test_the_terminal_cannot_interrupt_the_server(home: Path) -> None:
    with embedded(home) as server:
        number = postmaster(home, server.url("postgres"))
        assert os.getsid(number) != os.getsid(0)
        assert os.getpgid(number) != os.getpgid(0)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.long
def test_an_interrupted_first_start_leaves_no_half_made_cluster(tmp_path: Path, end: signal.Signals) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-c", JOIN, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as user:
        while not any(home.glob("half-made-*/PG_VERSION")):
            assert user.poll() is None
        user.send_signal(end)
        user.wait()
    assert not (home / "data").exists()
    assert end != signal.SIGINT or not any(home.glob("half-made-*"))
    with embedded(home) as server:
        assert ask(server.url("postgres"), "SELECT 1") == 1
    assert not any(home.glob("half-made-*"))


def test_an_interrupted_start_leaves_no_server(home: Path) -> None:
    command = [sys.executable, "-c", JOIN, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as user:
        while not (home / "data/postmaster.pid").exists():
            assert user.poll() is None
        user.send_signal(signal.SIGINT)
        user.wait()
    assert not runs(home)


def test_who_wants_durability_refuses_a_server_without_it(home: Path) -> None:
    with (
        embedded(home),
        pytest.raises(EmbeddedError, match="without durability"),
        embedded(home, durable=True),
    ):
        pass


def test_a_server_that_cannot_start_shows_the_end_of_its_log(spare: Path) -> None:
    with (spare / "data/postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        embedded(spare).join()


def test_the_settings_of_whoever_starts_the_server_win_over_ours(home: Path) -> None:
    with EmbeddedServer(home, durable=False, settings={"max_connections": "33"}, notify=lambda _: None) as server:
        assert ask(server.url("postgres"), "SHOW max_connections") == "33"


def test_a_database_is_created_once(home: Path) -> None:
    with embedded(home) as server:
        assert server.create_database('sh"op ü')
        assert not server.create_database('sh"op ü')
        assert ask(server.url('sh"op ü'), "SELECT current_database()") == 'sh"op ü'


def test_statements_are_counted_and_the_modules_that_the_schema_needs_are_there(home: Path) -> None:
    with embedded(home) as server:
        server.create_database("shop")
        server.count_statements("shop")
        server.count_statements("shop")
        with psycopg.connect(server.url("shop"), autocommit=True) as conn:
            conn.execute("SELECT 'counted' AS this_one")
            query = "SELECT sum(calls) FROM pg_stat_statements WHERE query = 'SELECT $1 AS this_one'"
            assert conn.execute(query).fetchone() == (1,)
            conn.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")


def test_a_server_of_programs_without_the_module_goes_on_without_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("angidi.embedded.server.CREATE_STATISTICS", "CREATE EXTENSION IF NOT EXISTS of_no_wheel")
    with embedded(home) as server:
        server.create_database("bare")
        server.count_statements("bare")
        assert ask(server.url("bare"), "SELECT 1") == 1


def test_only_an_unused_home_is_discarded(spare: Path) -> None:
    with embedded(spare):
        assert not embedded(spare).discard()
    assert embedded(spare).discard()
    assert not spare.exists()


def test_a_server_with_a_temporary_socket_folder_comes_back_at_the_same_address(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40)
    with embedded(home) as killed:
        url = killed.url("postgres")
        os.kill(postmaster(home, url), signal.SIGKILL)
        with embedded(home) as back:
            assert back.url("postgres") == url
            assert ask(url, "SELECT 1") == 1


def revived(server: EmbeddedServer) -> bool:
    """Tell whether it answers; revive it as `angidi serve` does."""
    server.revive()
    with suppress(psycopg.OperationalError), psycopg.connect(server.url("postgres")):
        return True
    return False


def test_a_server_that_was_killed_is_revived(home: Path) -> None:
    with embedded(home) as server:
        os.kill(postmaster(home, server.url("postgres")), signal.SIGKILL)
        until(lambda: revived(server))
    assert not runs(home)


def test_a_server_whose_socket_was_removed_is_revived(home: Path) -> None:
    with embedded(home) as server:
        for remains in (home / "run").iterdir():
            remains.unlink()
        until(lambda: revived(server))
    assert not runs(home)


@pytest.mark.parametrize("name", ["users.lock", "alive.lock", "start.lock", "postgres.log"])
def test_a_file_that_is_removed_ends_no_server_that_is_used(home: Path, name: str) -> None:
    with embedded(home) as server, psycopg.connect(server.url("postgres")) as conn:
        (home / name).unlink()
        server.revive()
        with process(home):  # which leaves
            pass
        assert conn.execute("SELECT 1").fetchone() == (1,)
    assert not runs(home)


def test_a_server_whose_files_are_gone_is_not_replaced_by_an_empty_one(spare: Path) -> None:
    with embedded(spare) as server:
        number = postmaster(spare, server.url("postgres"))
        (spare / "data").rename(spare / "moved")
        os.kill(number, signal.SIGKILL)
        with pytest.raises(EmbeddedError, match="are gone"):
            until(lambda: revived(server))
        assert not (spare / "data").exists()
        (spare / "moved").rename(spare / "data")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose folder a process works in")
@pytest.mark.parametrize("watched", [False, True])
def test_a_server_whose_home_was_removed_is_stopped_by_the_last_one_out(spare: Path, watched: bool) -> None:
    with embedded(spare) as server:
        number = postmaster(spare, server.url("postgres"))
        shutil.rmtree(spare)
        if watched:  # at a moment when only the folder itself was left
            spare.mkdir()
            server.revive()
    assert not Path(f"/proc/{number}/exe").exists()  # a zombie has none
    assert spare.exists() == watched
