"""TLS and SCRAM on a real PostgreSQL 15: who proves to be the server is spoken to, and nobody else."""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from angidi.config import Settings
from angidi.db.conninfo import resolve_urls
from angidi.db.inspection import connect
from angidi.db.pool import Pool, PoolSettings
from angidi.embedded import EmbeddedServer
from angidi.embedded.account import choose_runner
from angidi.errors import Unavailable

PROGRAMS = [Path(folder) for folder in ("/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin")]
NAME = "db.example"
PASSWORD = "hunter2"
HBA = """
local   all all trust
hostssl all ada,eve 127.0.0.0/8 scram-sha-256
"""
PREPARE = f"""
SET password_encryption = 'scram-sha-256';
CREATE ROLE ada LOGIN PASSWORD '{PASSWORD}';
SET password_encryption = 'md5';
CREATE ROLE eve LOGIN PASSWORD '{PASSWORD}';
"""


class TlsServer(NamedTuple):
    """A server whose certificate is for `NAME`, signed by `authority`; `stranger` is another authority."""

    conninfo: str
    authority: Path
    stranger: Path

    def url(self, **changes: str) -> str:
        given = {"sslmode": "verify-full", "sslrootcert": str(self.authority), "user": "ada", "password": PASSWORD}
        return make_conninfo(self.conninfo, **(given | changes))


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path, name: str) -> Path:
    """Make key and certificate of an authority; return the certificate."""
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
    openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.crt")
    return folder / f"{name}.crt"


def make_certificate(folder: Path, authority: str) -> None:
    """Make `server.key`, and `server.crt` for `NAME`, which the authority signs."""
    openssl(
        folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}", "-keyout", "server.key", "-out", "csr"
    )
    (folder / "names").write_text(f"subjectAltName=DNS:{NAME}")
    signing = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "2")
    openssl(folder, "x509", "-req", "-in", "csr", *signing, "-extfile", "names", "-out", "server.crt")
    (folder / "server.key").chmod(0o600)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """A PostgreSQL 15 of the module's own, on an address of the loopback of its own."""
    programs = next((folder for folder in PROGRAMS if (folder / "initdb").exists()), None)
    if programs is None or not shutil.which("openssl"):
        pytest.skip("PostgreSQL 15, or openssl, which makes certificates, is not installed")
    home = tmp_path_factory.mktemp("home")
    authority, stranger = make_authority(home, "authority"), make_authority(home, "stranger")
    make_certificate(home, "authority")
    runner = replace(choose_runner(home), programs=programs)
    options = ("--username=angidi", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
    with (home / "lock").open("w") as lock:
        status, output = runner.run("initdb", "-D", str(runner.state / "data"), *options, keep=lock.fileno())
    assert status == 0, output
    (runner.state / "data/pg_hba.conf").write_text(HBA)
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(200) + 20}.{secrets.randbelow(200) + 20}"
    settings = {
        "listen_addresses": address,
        "shared_preload_libraries": "",
        "ssl": "on",
        "ssl_cert_file": str(home / "server.crt"),
        "ssl_key_file": str(home / "server.key"),
    }
    with EmbeddedServer(
        home, durable=False, settings=settings, notify=lambda _: None, choose=lambda _: runner
    ) as embedded:
        with psycopg.connect(embedded.url("postgres"), autocommit=True) as conn:
            conn.execute(PREPARE.encode())
            port = conn.info.port
        yield TlsServer(
            make_conninfo("", host=NAME, hostaddr=address, port=port, dbname="postgres"), authority, stranger
        )


def failure(conninfo: str) -> str:
    with pytest.raises(Unavailable) as failed, connect(conninfo):
        pass
    assert PASSWORD not in str(failed.value)
    return str(failed.value)


def test_the_server_of_the_certificate_is_spoken_to_in_tls_and_by_scram(server: TlsServer) -> None:
    with connect(server.url(channel_binding="require")) as conn:
        row = conn.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        assert conn.info.server_version // 10_000 == 15
    assert row is not None
    assert (row[0], row[1] in {"TLSv1.2", "TLSv1.3"}) == (True, True)


async def test_the_pool_and_the_rules_of_production_take_such_an_address(server: TlsServer) -> None:
    given = {"angidi_env": "production", "database_url": server.url(), "jwt_secret": "s" * 64}
    settings = Settings.model_validate(given)
    pool = Pool(resolve_urls(settings).main, PoolSettings(min_conns=1, max_conns=1))
    await pool.open()
    try:
        async with pool.connection() as conn:
            assert conn.pgconn.ssl_in_use
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("changes", "reason", "advice"),
    [
        ({"host": "other.example"}, "does not match host name", "DB_HOST has to be a name in the server's certificate"),
        ({"sslrootcert": "stranger"}, "certificate verify failed", "not from the authority in sslrootcert"),
        ({"sslmode": "disable"}, "no encryption", "The server may require TLS: set DB_SSLMODE=require"),
        ({"password": "hunter3"}, "password authentication failed", "Correct DB_PASSWORD"),
        ({"user": "nobody"}, "no pg_hba.conf entry", "The server's pg_hba.conf needs a line"),
        ({"user": "eve"}, "password authentication failed", "Correct DB_PASSWORD"),
        ({"password": ""}, "no password supplied", "Set DB_PASSWORD"),
    ],
    ids=[
        "another name",
        "another authority",
        "plain",
        "wrong password",
        "no role",
        "a hash that is none of SCRAM",
        "none",
    ],
)
def test_anything_else_is_refused_with_what_to_do(
    server: TlsServer, changes: dict[str, str], reason: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    if "sslrootcert" in changes:
        changes = {"sslrootcert": str(server.stranger)}
    told = failure(server.url(**changes))
    assert reason in told
    assert advice in told
