"""The page at /docs and the file behind it: complete by themselves, and kept by caches that ask whether they may."""

import re

import pytest

from tests.openapi.support import DESCRIPTION
from tests.support.api import Api

ROOT = "http://testserver"
FILES = ["/openapi.json", "/docs"]


@pytest.mark.parametrize("path", FILES)
async def test_a_cache_asks_whether_its_copy_is_current(api: Api, path: str) -> None:
    answer = await api.get(ROOT + path)
    assert answer.headers["cache-control"] == "public, no-cache"
    again = await api.get(ROOT + path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize("path", FILES)
async def test_head_answers_like_get(api: Api, path: str) -> None:
    answer, head = await api.get(ROOT + path), await api.head(ROOT + path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "content-length"):
        assert head.headers[name] == answer.headers[name]


async def test_the_file_is_the_description(api: Api) -> None:
    assert (await api.get(f"{ROOT}/openapi.json")).json() == DESCRIPTION


async def test_the_page_takes_nothing_from_elsewhere(api: Api) -> None:
    page = await api.get(f"{ROOT}/docs")
    policy = page.headers["content-security-policy"]
    assert all(f"{name} 'none'" in policy for name in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith(("/docs/", "data:"))
        assert address == "data:," or (await api.get(ROOT + address)).status_code == 200


def test_the_description_says_how_to_authorize_and_where_to_read_on() -> None:
    about = DESCRIPTION["info"]["description"]
    for text in ("POST /users/login", "Authorize", "angidi users create --admin", "docs/how-to/write-a-client.md"):
        assert text in about
