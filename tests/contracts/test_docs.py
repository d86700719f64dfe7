"""The documents say what is the case: generated pages are up to date, links lead somewhere, names exist."""

import gzip
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import lookup
from tests.support.api import Api, error_of
from tools import links
from tools.reference import PAGES
from tools.reference.errors import STATES

from angidi.config import Settings, load
from angidi.db.errors import translate
from angidi.errors import Unavailable

PROJECT = Path(__file__).parents[2]
STATIC = PROJECT / "src/angidi/http/openapi/static"
DECISIONS = PROJECT / "docs/decisions"
MARKDOWN = links.pages()


def text_of(path: str | Path) -> str:
    return (PROJECT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says(name: str):
    assert text_of(name) == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(path: Path):
    assert list(links.problems(path)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path):
    (tmp_path / "there.md").write_text("# A heading, of sorts\n")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md#a-heading-of-sorts) [b](there.md#other) [c](gone.md) [d](https://shop.example)\n")
    assert list(links.problems(page, tmp_path)) == [
        "page.md: there.md#other is no heading there",
        "page.md: gone.md is no file",
    ]


def test_every_document_is_reached_from_the_readme():
    reached, waiting = set[Path](), [PROJECT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md" and page.exists():
            reached.add(page)
            targets = (found["target"].partition("#")[0] for found in links.LINK.finditer(text_of(page)))
            waiting += [(page.parent / target).resolve() for target in targets if target and "://" not in target]
    assert {path for path in MARKDOWN if path.parent != PROJECT} <= reached


# .env.example


def env_lines() -> Iterator[tuple[str, str]]:
    """Yield name and value of each setting in .env.example."""
    for found in re.finditer(r"^# ([A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE):
        yield found[1], found[2]


def test_env_example_sets_nothing_as_it_is():
    assert all(not line or line.startswith("#") for line in text_of(".env.example").splitlines())


def test_env_example_has_every_setting_once():
    assert [name.lower() for name, _ in env_lines()] == list(Settings.model_fields)


def test_every_value_in_env_example_is_accepted():
    shown = {
        name.lower(): value for name, value in env_lines() if value and name not in {"ADMIN_EMAIL", "ANGIDI_ENV_FILE"}
    }
    settings = load(**shown, admin_email="admin@shop.example", admin_password="a long phrase")
    assert settings.server_port == 8080


# Commands that the documents name


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE))


def test_make_help_lists_every_target():
    listed = subprocess.check_output(["make", "help"], cwd=PROJECT, text=True)
    assert {line.split()[0] for line in listed.splitlines()} == makefile_targets()


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_a_make_target_that_a_document_names_exists(path: Path):
    named = re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text_of(path), re.MULTILINE)
    assert set(named) <= makefile_targets()


# Decisions


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in sorted(DECISIONS.glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_dependency_has_its_reason_in_a_decision():
    project: dict[str, Any] = tomllib.loads(text_of("pyproject.toml"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.split(r"[\[<>=; ]", entry)[0].lower().replace("_", "-") for entry in wanted}
    decisions = " ".join(text_of(path) for path in DECISIONS.glob("*.md")).lower().replace("_", "-")
    assert {name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", decisions)} == set()


# Errors


@pytest.mark.parametrize("state", [state for state, _ in STATES if state[:2] in {"08", "25", "40", "53", "57"}])
def test_what_may_succeed_later_is_never_an_internal_error(state: str):
    assert isinstance(translate(lookup(state)()), Unavailable)


def test_a_broken_connection_is_never_an_internal_error():
    assert isinstance(translate(psycopg.OperationalError()), Unavailable)


# Requests: what is refused, what is passed over

REQUESTS = re.compile(r"^\| (`.+) \| (\d{3}).* \| (\d{3}).* \|$", re.MULTILINE)


def requests_shown() -> Iterator[tuple[str, int, int]]:
    """Yield each query and each body in docs/reference/requests.md, its status, and that under strict handling."""
    for found in REQUESTS.finditer(text_of("docs/reference/requests.md")):
        for shown in re.findall(r"`([^`]+)`", found[1]):
            yield shown, int(found[2]), int(found[3])


@pytest.mark.anyio
@pytest.mark.parametrize(("shown", "lenient", "strict"), [*requests_shown()])
async def test_a_request_is_answered_as_the_table_says(api: Api, shown: str, lenient: int, strict: int):
    headers = await api.admin_headers()

    async def ask(**more: str) -> int:
        if shown.startswith("{"):
            return (await api.post("/categories", headers=headers | more, content=shown)).status_code
        return (await api.get(f"/products?{shown}", headers=headers | more)).status_code

    assert (await ask(Prefer="handling=strict"), await ask()) == (
        strict,
        409 if strict == lenient == 201 else lenient,  # it was made by the first of the two
    )


def test_the_table_of_requests_is_read():
    assert {(lenient, strict) for _, lenient, strict in requests_shown()} == {
        (200, 400), (200, 200), (400, 400), (201, 400), (201, 201),
    }  # fmt: skip


# The page at /docs


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_bare_address_leads_to_the_page(api: Api, method: str) -> None:
    answer = await api.request(method, "http://testserver/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, "/docs", b"")
    assert answer.headers["x-request-id"]
    assert "/" not in (await api.get("http://testserver/openapi.json")).json()["paths"]


async def test_the_bare_address_takes_no_other_method(api: Api) -> None:
    answer = await api.post("http://testserver/")
    assert error_of(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.anyio
async def test_the_docs_page_asks_for_nothing_outside(api: Api):
    page = await api.get("http://testserver/docs")
    targets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert targets
    assert all(target.startswith(("/docs/", "data:")) for target in targets)
    assert "http" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    for target in targets:
        if target.startswith("/docs/"):
            part = await api.get(f"http://testserver{target}")
            assert part.status_code == 200
            if target.endswith(".css"):
                assert re.findall(r"@import|url\((?!\s*[\"']?data:)", part.text) == []
    start = await api.get("http://testserver/docs/start.js")
    assert 'url: "/openapi.json"' in start.text
    assert "validatorUrl: null" in start.text
    assert "://" not in start.text


@pytest.mark.anyio
async def test_a_part_of_the_docs_page_is_compressed_once_and_not_for_each_who_asks(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    url = "http://testserver/docs/swagger-ui-bundle.js"
    plain = await api.get(url, headers={"Accept-Encoding": "identity"})
    first = await api.get(url, headers={"Accept-Encoding": "gzip"})
    monkeypatch.delattr(gzip, "compress")
    second = await api.get(url, headers={"Accept-Encoding": "gzip"})
    assert first.content == second.content == plain.content == (STATIC / "swagger-ui-bundle.js").read_bytes()
    assert second.headers["Content-Encoding"] == "gzip"
    assert int(second.headers["Content-Length"]) < len(plain.content) / 3


def test_what_was_vendored_is_what_its_readme_says():
    recorded = dict(
        re.findall(r"^\| ([\w.-]+) \| ([0-9a-f]{64}) \|$", (STATIC / "README.md").read_text(), re.MULTILINE)
    )
    ours = {"index.html", "start.js", "README.md"}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in STATIC.iterdir()}
    assert {name: digest for name, digest in found.items() if name not in ours} == recorded


GUIDES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *PROJECT.glob("docs/*.md"),
    *PROJECT.glob("docs/how-to/*.md"),
]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_a_source_file_that_a_guide_names_exists(path: Path):
    named = set(re.findall(r"`([\w/]+/[\w]+\.(?:py|sql|toml|yaml))`", path.read_text(encoding="utf-8")))
    assert {name for name in named if not any((PROJECT / base / name).exists() for base in ("", "src/angidi"))} == set()
