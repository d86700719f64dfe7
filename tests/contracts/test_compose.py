"""compose.yaml passes on every setting, and whoever serves knows nothing of the owner."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.conninfo import make_conninfo
from tests.support.roles import drop_roles

from angidi.config import Settings
from angidi.db.conninfo import parse_conninfo
from angidi.db.roles import check_serving_role

PROJECT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
MIGRATE, API, WORKER = SERVICES["migrate"], SERVICES["api"], SERVICES["worker"]
PASSED: dict[str, str] = API["environment"]

OF_THE_IMAGE = {"ANGIDI_ENV", "ANGIDI_HOME", "ANGIDI_ENV_FILE", "ANGIDI_CONFIG", "SERVER_HOST", "SERVER_PORT"}
"""What the image sets, or has a default for that fits it: paths in it, production, and where it listens."""

OF_THE_OWNER = {"DATABASE_DIRECT_URL", "DB_AUTO_MIGRATE"}
"""What nobody needs who serves: the owner's address; and `migrate` applies migrations in any case."""

OF_THE_DATABASE = {"DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"}
"""What the database beside it, and the role that serves, are called."""


def test_every_setting_is_passed_on_or_the_images() -> None:
    assert PASSED.keys() | OF_THE_IMAGE | OF_THE_OWNER == {name.upper() for name in Settings.model_fields}
    assert not PASSED.keys() & (OF_THE_IMAGE | OF_THE_OWNER)


@pytest.mark.parametrize("name", sorted(PASSED.keys() - OF_THE_DATABASE))
def test_a_setting_has_the_value_of_the_environment(name: str) -> None:
    assert re.fullmatch(rf"\$\{{{name}:[-?][^}}]*\}}", PASSED[name])


def test_the_port_on_the_host_can_be_chosen() -> None:
    assert API["ports"] == ["127.0.0.1:${SERVER_PORT:-8080}:8080"]


def test_the_image_has_the_production_rules() -> None:
    image = (PROJECT / "Dockerfile").read_text()
    for line in ("ANGIDI_ENV=production", "ANGIDI_HOME=/var/lib/angidi", "SERVER_HOST=0.0.0.0", "EXPOSE 8080"):
        assert line in image


@pytest.mark.parametrize("service", [MIGRATE, WORKER])
def test_the_other_services_run_by_the_rules_of_the_api(service: dict[str, Any]) -> None:
    shared = {"build", "read_only", "volumes", "tmpfs", "cap_drop", "security_opt"}
    assert {name: service[name] for name in shared} == {name: API[name] for name in shared}


def test_the_job_worker_has_the_settings_of_the_api() -> None:
    assert WORKER["environment"] == PASSED
    assert WORKER["command"] == ["angidi", "worker"]
    assert WORKER["restart"] == API["restart"] == "unless-stopped"


def test_only_the_short_service_knows_the_owner() -> None:
    assert "restart" not in MIGRATE
    assert MIGRATE["environment"].keys() - PASSED.keys() == {"DATABASE_DIRECT_URL", "DB_APP_PASSWORD"}
    owner = SERVICES["database"]["environment"]
    assert (MIGRATE["environment"]["DB_USER"], MIGRATE["environment"]["DB_PASSWORD"]) == (
        owner["POSTGRES_USER"],
        owner["POSTGRES_PASSWORD"],
    )
    assert owner["POSTGRES_USER"] not in PASSED.values()
    assert owner["POSTGRES_PASSWORD"] not in PASSED.values()


def test_who_serves_begins_when_the_migrations_and_roles_are_there() -> None:
    for service in (API, WORKER):
        assert service["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert MIGRATE["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_the_short_service_makes_all_that_who_serves_needs(empty_db: str, tmp_path: Path) -> None:
    database = parse_conninfo(empty_db)
    names = {"DB_PASSWORD": database.get("password", ""), "DB_APP_PASSWORD": "hunter$2", "JWT_SECRET": "k" * 32}
    here = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANGIDI_HOME": str(tmp_path),
        "DB_HOST": database["host"],
        "DB_PORT": database["port"],
        "DB_NAME": database["dbname"],
        "DB_SSLMODE": "prefer",  # the tests' own server has no certificate
    }
    migrate = {**interpolated(MIGRATE["environment"], names), **here, "DB_USER": database["user"]}
    done = subprocess.run(MIGRATE["command"], env=migrate, cwd=tmp_path, check=True, capture_output=True, text=True)
    role = PASSED["DB_USER"].replace(PASSED["DB_NAME"], database["dbname"])
    try:
        assert not done.stdout  # a password that a log would have
        serving = {**interpolated(PASSED, names), **here, "DB_USER": role}
        subprocess.run([*WORKER["command"], "--once"], env=serving, cwd=tmp_path, check=True, capture_output=True)
        assert check_serving_role(make_conninfo(empty_db, user=role, password="hunter$2")) == ([], [])
    finally:
        drop_roles(empty_db)


def interpolated(environment: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    """Return the environment as Compose passes it on where `names` stand in `.env`."""
    return {
        name: re.sub(r"\$\{(\w+):[-?]([^}]*)\}", lambda match: names.get(match[1], match[2]), value)
        for name, value in environment.items()
    }
