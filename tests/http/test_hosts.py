"""The header `Host`: one and not empty in HTTP/1.1 (RFC 9112, section 3.2)."""

import pytest
from tests.support.requests import nothing

from angidi.http.core.request import Request


@pytest.mark.parametrize(
    ("version", "hosts", "is_lacking"),
    [
        ("1.1", [b"shop.example"], False),
        ("1.1", [], True),
        ("1.1", [b""], True),
        ("1.1", [b"shop.example", b"other.example"], True),
        ("1.0", [], False),
        ("2", [], False),
    ],
)
def test_a_request_names_one_host(version: str, hosts: list[bytes], is_lacking: bool) -> None:
    headers = [(b"accept", b"*/*"), (b"accept", b"text/html"), *((b"host", host) for host in hosts)]
    scope = {"method": "GET", "path": "/", "query_string": b"", "headers": headers, "http_version": version}
    assert Request(scope, nothing, nothing).lacks_host is is_lacking
