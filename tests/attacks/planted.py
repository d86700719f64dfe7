"""A server with a hole: it puts what it is asked for into its SQL. It shows that an attack finds what is there."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import psycopg


class Hole(BaseHTTPRequestHandler):
    """Answers `GET /products?search=` with the names of the products."""

    def do_GET(self) -> None:
        search = parse_qs(urlsplit(self.path).query).get("search", [""])[0]
        try:
            with psycopg.connect(cast("Planted", self.server).database) as conn:
                text: Any = f"SELECT name FROM products WHERE name ILIKE '%{search}%'"
                rows = conn.execute(text).fetchall()
            self._answer(200, {"data": [row[0] for row in rows]})
        except psycopg.Error:
            self._answer(400, {"error": "refused"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Print nothing."""

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Planted(ThreadingHTTPServer):
    """The server; `database` is the address of a database with products."""

    database = ""


@contextmanager
def planted_hole(database: str) -> Generator[str]:
    """Give the URL of the server while it runs."""
    with Planted(("127.0.0.1", 0), Hole) as server:
        server.database = database
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/products?search=tea"
        finally:
            server.shutdown()
            thread.join()
