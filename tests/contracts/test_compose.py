"""compose.yaml passes on every setting."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from angidi.config import Settings

PROJECT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
API, WORKER = SERVICES["api"], SERVICES["worker"]
PASSED: dict[str, str] = API["environment"]

OF_THE_IMAGE = {"ANGIDI_ENV", "ANGIDI_HOME", "ANGIDI_ENV_FILE", "ANGIDI_CONFIG", "SERVER_HOST", "SERVER_PORT"}
"""What the image sets, or has a default for that fits it: paths in it, production, and where it listens."""

OF_THE_DATABASE = {"DB_HOST", "DB_PORT", "DB_NAME", "DB_USER"}
"""What the database beside it is called."""


def test_every_setting_is_passed_on_or_the_images() -> None:
    assert PASSED.keys() | OF_THE_IMAGE == {name.upper() for name in Settings.model_fields}
    assert not PASSED.keys() & OF_THE_IMAGE


@pytest.mark.parametrize("name", sorted(PASSED.keys() - OF_THE_DATABASE))
def test_a_setting_has_the_value_of_the_environment(name: str) -> None:
    assert re.fullmatch(rf"\$\{{{name}:[-?][^}}]*\}}", PASSED[name])


def test_the_port_on_the_host_can_be_chosen() -> None:
    assert API["ports"] == ["127.0.0.1:${SERVER_PORT:-8080}:8080"]


def test_the_image_has_the_production_rules() -> None:
    image = (PROJECT / "Dockerfile").read_text()
    for line in ("ANGIDI_ENV=production", "ANGIDI_HOME=/var/lib/angidi", "SERVER_HOST=0.0.0.0", "EXPOSE 8080"):
        assert line in image


def test_the_job_worker_runs_by_the_same_rules_and_settings() -> None:
    shared = {"build", "environment", "read_only", "volumes", "tmpfs", "cap_drop", "security_opt", "restart"}
    assert {name: WORKER[name] for name in shared} == {name: API[name] for name in shared}
    assert WORKER["command"] == ["angidi", "worker"]
