"""`angidi import categories`: the files of real shops, where they lie beside the project."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.support.files import REAL, with_real_files
from tests.support.roles import use_database

from angidi.cli.main import main


@with_real_files
@pytest.mark.parametrize(("name", "added"), [("category-paths.csv", 3), ("taxonomy.txt", 6)])
def test_the_categories_of_other_systems_go_in_and_a_second_run_changes_nothing(
    fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, added: int
) -> None:
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    command = ["import", "categories", str(REAL / "shop-files" / name), "--json"]
    reports = [json.loads(CliRunner().invoke(main, command).stdout) for _ in range(2)]
    assert [(each["added"], each["unchanged"], each["refused"]) for each in reports] == [(added, 0, []), (0, added, [])]
