"""Failed connections: what servers and libpq answer, and what to do about it; no part of a password is told."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from angidi.db.failures import connection_advice
from angidi.db.failures.advice import LOOK
from angidi.db.inspection import connect
from angidi.embedded import EmbeddedServer
from angidi.errors import Unavailable

HBA = """
local all ada scram-sha-256
local all rejected reject
local all root_only peer
local all angidi,limited,ghost,nologin,stranger trust
"""
PREPARE = """
SET password_encryption = 'scram-sha-256';
CREATE ROLE ada LOGIN PASSWORD 'hunter2';
CREATE ROLE rejected LOGIN;
CREATE ROLE root_only LOGIN;
CREATE ROLE unlisted LOGIN;
CREATE ROLE limited LOGIN CONNECTION LIMIT 0;
CREATE ROLE stranger LOGIN;
CREATE ROLE nologin;
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the module's own, whose pg_hba.conf has a rule for each way to fail."""
    with EmbeddedServer(tmp_path_factory.mktemp("home"), durable=False, notify=lambda _: None) as embedded:
        with psycopg.connect(embedded.url("postgres"), autocommit=True) as conn:
            conn.execute(PREPARE)
            for name in ("shut", "private"):
                conn.execute(f"CREATE DATABASE {name}".encode())
            conn.execute("REVOKE CONNECT ON DATABASE private FROM PUBLIC")
            conn.execute("ALTER DATABASE shut ALLOW_CONNECTIONS false")
            (embedded.data / "pg_hba.conf").write_text(HBA)
            conn.execute("SELECT pg_reload_conf()")
        yield embedded.url("postgres")


def failure(conninfo: str) -> str:
    with pytest.raises(Unavailable) as failed, connect(conninfo):
        pass
    told = str(failed.value)
    assert "\n" not in told
    assert "hunter" not in told
    return told


class Case(NamedTuple):
    """What is wrong, and how reason and advice begin."""

    changes: dict[str, str]
    reason: str
    advice: str


CASES = [
    Case(
        {"user": "ada", "password": "hunter3"}, 'password authentication failed for user "ada"', "Correct DB_PASSWORD"
    ),
    Case({"user": "ada"}, "no password supplied", "Set DB_PASSWORD"),
    Case({"dbname": "gone"}, 'database "gone" does not exist', "Create it by `angidi db create`"),
    Case({"user": "ghost"}, 'role "ghost" does not exist', "Correct DB_USER"),
    Case({"user": "nologin"}, 'role "nologin" is not permitted to log in', "A superuser allows it"),
    Case({"user": "root_only"}, 'Peer authentication failed for user "root_only"', "The server lets this role in only"),
    Case({"user": "rejected"}, "pg_hba.conf rejects connection", "The server's pg_hba.conf needs a line"),
    Case({"user": "unlisted"}, "no pg_hba.conf entry", "The server"),
    Case({"user": "limited"}, 'too many connections for role "limited"', "Lower DB_MAX_CONNS"),
    Case({"user": "stranger", "dbname": "private"}, 'permission denied for database "private"', "The database's owner"),
    Case({"dbname": "shut"}, 'database "shut" is not currently accepting connections', "A superuser allows them"),
    Case({"target_session_attrs": "standby"}, "server is not in hot standby mode", "The server is not of the kind"),
    Case({"host": "/nonexistent"}, "No such file or directory", "No server has its socket there"),
    Case({"host": "127.0.0.1", "port": "1"}, "Connection refused", "Is the server up"),
    Case({"host": "a..b"}, "failed to resolve host a..b", "Correct DB_HOST"),
    Case({"port": "99999"}, "invalid port number", "Correct that in DATABASE_URL"),
    Case({"sslmode": "sometimes"}, "invalid sslmode value", "Correct that in DATABASE_URL"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_a_refusal_is_told_with_what_to_do_about_it(server: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    told = failure(make_conninfo(server, **case.changes))
    reason, _, advice = told.partition(". ")
    assert case.reason in reason
    assert advice.startswith(case.advice)


# What answers at a port: TLS, and other programs


@contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Generator[int]:
    """Give a port where `answer` handles each connection, after the client's first message."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    client.recv(2**16)
                    answer(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def at(port: int, **changes: str) -> str:
    return make_conninfo("", host="127.0.0.1", port=port, user="ada", password="hunter2", dbname="shop", **changes)


def test_a_server_without_tls_where_it_is_required() -> None:
    with listening(lambda client: client.sendall(b"N")) as port:
        assert "SSL was required. Turn TLS on at the server" in failure(at(port, sslmode="require"))


def test_a_certificate_of_the_authority_that_is_missing(tmp_path: Path) -> None:
    with listening(lambda client: client.sendall(b"S")) as port:
        told = failure(at(port, sslmode="verify-full", sslrootcert=str(tmp_path / "gone.crt")))
    assert "DB_SSLMODE=verify-ca and verify-full need the authority's certificate" in told


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The TLS of a server whose certificate, for `db.example`, signs itself; `certificate.crt` is in its folder."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes certificates, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, crt = folder / "server.key", folder / "server.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db.example"]
    subprocess.run([*command, "-keyout", key, "-out", crt], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    context.load_verify_locations(crt)
    return context


@pytest.fixture
def with_tls(certificate: ssl.SSLContext) -> Iterator[int]:
    """A port that offers TLS as PostgreSQL does, with that certificate."""

    def answer(client: socket.socket) -> None:
        client.sendall(b"S")
        with certificate.wrap_socket(client, server_side=True) as encrypted:
            encrypted.recv(2**16)

    with listening(answer) as port:
        yield port


def test_a_certificate_of_another_authority(with_tls: int, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=another"]
    subprocess.run([*command, "-keyout", tmp_path / "other.key", "-out", other], check=True, capture_output=True)
    told = failure(at(with_tls, sslmode="verify-full", sslrootcert=str(other)))
    assert "certificate verify failed. The server's certificate is not from the authority in sslrootcert" in told


def test_a_certificate_for_another_name(with_tls: int, certificate: ssl.SSLContext, tmp_path: Path) -> None:
    (authority,) = certificate.get_ca_certs(binary_form=True)
    (tmp_path / "root.crt").write_text(ssl.DER_cert_to_PEM_cert(authority))
    told = failure(at(with_tls, sslmode="verify-full", sslrootcert=str(tmp_path / "root.crt")))
    assert 'does not match host name "127.0.0.1". DB_HOST has to be a name in the server\'s certificate' in told


def test_another_program_than_postgresql() -> None:
    with listening(lambda client: client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        assert "Perhaps another program than PostgreSQL answers there" in failure(at(port))


# What takes a server that is starting, full or far away, or a resolver: PostgreSQL's and libpq's texts


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("FATAL: the database system is starting up", "Try again in a moment"),
        ("FATAL: the database system is shutting down", "Try again in a moment"),
        ("FATAL: the database system is not yet accepting connections", "Try again in a moment"),
        ("FATAL: sorry, too many clients already", "Lower DB_MAX_CONNS"),
        ("FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute", "Lower DB_MAX_CONNS"),
        ('FATAL: no pg_hba.conf entry for host "10.0.0.1", user "a", database "b", no encryption', "The server may"),
        ("FATAL: unsupported startup parameter: options", "The pooler has to ignore it"),
        ('connection to server on socket "/x/.s.PGSQL.1" failed: Permission denied', "This user may not enter"),
        ("failed to resolve host 'db': [Errno -2] Name or service not known", "Correct DB_HOST"),
        ('could not translate host name "db" to address: Temporary failure in name resolution', "Correct DB_HOST"),
        ("host db.example, port 5432: connection timeout expired", "Look at DB_HOST and DB_PORT"),
        ('connection to server at "10.0.0.1", port 5432 failed: No route to host', "Look at DB_HOST and DB_PORT"),
        ("SSL error: tlsv1 alert unknown ca", "Look at DB_SSLMODE"),
        ("FATAL: Passwort-Authentifizierung für Benutzer »ada« fehlgeschlagen", LOOK),
    ],
)  # fmt: skip
def test_other_texts_have_their_advice(reason: str, advice: str) -> None:
    assert connection_advice(reason).startswith(advice)
