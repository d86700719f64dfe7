"""What generators and browsers make of the description: a typed client compiles and runs, and the page executes.

Needs node and npm, and on the first run a package registry; Chromium only where it is found. What is missing is named
by the skip.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tools.reference.api import description

from angidi import __version__
from tests.openapi.support import operations
from tests.support.serving import Server, serving

CLIENT = Path(__file__).parent / "client"
GUIDE = Path(__file__).parents[2] / "docs/how-to/write-a-client.md"
SOURCES = ("shop.ts", "tsconfig.json", "driver.js", "page.mjs")
ADMIN = {"ADMIN_EMAIL": "admin@shop.example", "ADMIN_PASSWORD": "a long enough phrase"}
CHROMIUM = os.environ.get("CHROME_PATH") or next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FEW = ["register", "login", "showMe", "listProducts", "showProduct", "createProduct"]
"""What jsdom executes: it takes seconds for each."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def install(into: Path) -> None:
    """Install the locked packages once for this environment; skip where that cannot be done."""
    if into.exists():
        return
    draft = into.with_suffix(f".{os.getpid()}")
    shutil.copytree(CLIENT, draft, ignore=lambda _, names: {*names} - {"package.json", "package-lock.json"})
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=draft, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(draft)
        pytest.skip(f"npm cannot install the packages: {done.stderr.strip().splitlines()[0]}")
    if into.exists():  # another worker was first
        shutil.rmtree(draft)
    else:
        draft.rename(into)


def compile_with_types(client: Path, source: str) -> None:
    """Compile a source by the options in tsconfig.json, with the types that are made from the description."""
    if not (client / "schema.d.ts").exists():
        run("npx", "--no-install", "openapi-typescript", "openapi.json", "--output", "schema.d.ts", cwd=client)
    options = json.loads((client / "tsconfig.json").read_text()) | {"files": [source]}
    (client / "tsconfig.one.json").write_text(json.dumps(options))
    run("npx", "--no-install", "tsc", "--project", "tsconfig.one.json", "--outDir", "built", cwd=client)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources of the client, the description, and the packages."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node or npm is missing")
    lock = hashlib.sha256((CLIENT / "package-lock.json").read_bytes()).hexdigest()[:12]
    installed = Path(sys.prefix, f"client-{lock}")
    install(installed)
    folder = tmp_path_factory.mktemp("client")
    (folder / "node_modules").symlink_to(installed / "node_modules")
    for name in ("package.json", *SOURCES):
        shutil.copy(CLIENT / name, folder)
    (folder / "openapi.json").write_text(description(), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the sample data and an admin."""
    with serving(tmp_path_factory.mktemp("served") / "home", measured=False, **ADMIN) as server:
        yield server


@pytest.fixture
def admin_token(server: Server) -> str:
    credentials = {"email": ADMIN["ADMIN_EMAIL"], "password": ADMIN["ADMIN_PASSWORD"]}
    answer = httpx.post(f"{server.url}/api/v1/users/login", json=credentials, trust_env=False)
    return answer.json()["data"]["access_token"]


def test_a_client_by_openapi_typescript_compiles_and_runs(client: Path, server: Server, admin_token: str) -> None:
    """With minimal bodies: what has a default or is optional is left out."""
    compile_with_types(client, "shop.ts")
    shown = run("node", "built/shop.js", server.url, admin_token, cwd=client)
    assert shown.splitlines() == ["user", "true", "Teapot 19.9 0 no SKU", "VALIDATION_ERROR password"]


def test_the_program_of_the_guide_compiles_and_prints_what_it_shows(client: Path, server: Server) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    program = "".join(content for language, content in blocks if language == "ts")
    assert 'address = "http://localhost:8080"' in program
    (client / "guide.ts").write_text(program.replace("http://localhost:8080", server.url))
    compile_with_types(client, "guide.ts")
    shown = run("node", "built/guide.js", cwd=client, NO_COLOR="1")
    number = httpx.get(f"{server.url}/api/v1/products").json()["data"]["total_count"]  # other tests have made some
    (expected,) = [content for language, content in blocks if language == "text"]
    assert shown == re.sub(r"(?<=products: )\d+", str(number), expected)


def test_a_client_with_a_mistake_does_not_compile(client: Path) -> None:
    """The control: a product without a name."""
    source = (client / "shop.ts").read_text().replace('name: "Teapot", ', "")
    (client / "wrong.ts").write_text(source)
    with pytest.raises(AssertionError, match="Property 'name' is missing"):
        compile_with_types(client, "wrong.ts")


def executed(client: Path, server: Server, token: str, ids: list[str], **environment: str) -> dict[str, Any]:
    """Return the address and the status that the page shows for each operation."""
    shown = json.loads(run("node", "page.mjs", server.url, token, *ids, cwd=client, **environment))
    assert shown["version"].strip() == __version__
    assert shown.get("problems", []) == []
    return {each["id"]: (each["url"].removeprefix(server.url), each["status"]) for each in shown["results"]}


def test_the_page_executes_operations_as_they_open(client: Path, server: Server) -> None:
    """In jsdom. The log-in authorizes the page, so that the user sees the own account and may not create products."""
    assert executed(client, server, "", FEW, CHROME_PATH="") == {
        "register": ("/api/v1/users/register", 201),
        "login": ("/api/v1/users/login", 200),
        "showMe": ("/api/v1/users/me", 200),
        "listProducts": ("/api/v1/products", 200),
        "showProduct": ("/api/v1/products/0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22", 200),
        "createProduct": ("/api/v1/products", 403),
    }


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: neither CHROME_PATH, nor chromium or google-chrome")
def test_the_page_executes_every_operation_in_chromium(client: Path, server: Server, admin_token: str) -> None:
    """For an admin who authorizes by its dialog. Deletions come last; tokens are what the other tests are about."""
    ids = [each.content["operationId"] for each in sorted(operations(), key=lambda each: each.method == "DELETE")]
    ids = [
        name
        for name in ids
        if name not in {"register", "login", "refreshToken", "logOut", "logOutEverywhere", "deleteMe"}
        and "Password" not in name
    ]
    answers = executed(client, server, admin_token, ids, CHROME_PATH=str(CHROMIUM))
    assert {name: answer for name, answer in answers.items() if not 200 <= answer[1] < 300} == {}
