"""schemathesis over the socket: whatever the description allows or forbids is answered as it says, never with a 500.

As nobody, as a user and as an admin; the same requests on every run. `EXAMPLES=100 make attacks` makes more of them.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from tests.attacks.conftest import Target
from tests.support.api import BASE

pytestmark = pytest.mark.attack

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,allow_header_conformance,unsupported_method"
)
ENDING = "^(delete[mM]e|log[oO]ut.*|.*[pP]assword.*|erase.*)$"
"""Operations that may end the access of who calls them: they come last."""

SEED = 13


def attack(target: Target, folder: Path, token: str, *selection: str) -> None:
    """Run schemathesis on the selected operations. By itself it would sign up, and nobody would be somebody."""
    (folder / "schemathesis.toml").write_text("[auth]\nauto-signup = false\n")
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{target.server.url}/openapi.json", "--no-color",
         f"--seed={SEED}", "--generation-database=none", "--no-shrink",
         f"--max-examples={os.environ.get('ATTACK_EXAMPLES', '3')}", f"--checks={CHECKS}", "--continue-on-failure",
         "--warnings=off", *credentials(token), *selection],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def credentials(token: str) -> Sequence[str]:
    return [f"--header=Authorization: Bearer {token}"] if token else []


@pytest.mark.parametrize("who", ["nobody", "user", "admin"])
def test_every_answer_is_the_one_that_is_described(target: Target, tmp_path: Path, who: str) -> None:
    token = {"nobody": "", "user": target.user, "admin": target.admin}[who]
    assert target.ids
    attack(target, tmp_path, token, f"--exclude-operation-id-regex={ENDING}")
    if token:
        me = httpx.get(f"{target.server.url}{BASE}/users/me", headers={"Authorization": f"Bearer {token}"})
        assert me.status_code == 200  # else all that was shown is that a stranger is refused
    attack(target, tmp_path, token, f"--include-operation-id-regex={ENDING}")
