"""The documents of the schema say what the migrations make."""

import subprocess
import sys
from pathlib import Path

from tests.migrations.conftest import dump_of

PROJECT = Path(__file__).parents[2]
TOOL = PROJECT / "tools" / "schema_docs.py"


def test_schema_md_is_what_the_tool_prints(latest_db: str):
    printed = subprocess.check_output([sys.executable, TOOL, latest_db], text=True, encoding="utf-8")
    assert (PROJECT / "docs/database/SCHEMA.md").read_text(encoding="utf-8") == printed


def test_schema_sql_is_the_dump(latest_db: str):
    def without_versions(sql: str) -> list[str]:
        # PostgreSQL 15 qualifies the columns of a view of one table, 16 does not.
        plain = sql.replace("orders.", "").splitlines()
        return [line for line in plain if not line.startswith("-- Dumped ")]

    committed = (PROJECT / "docs/reference/schema.sql").read_text(encoding="utf-8")
    assert without_versions(committed) == without_versions(dump_of(latest_db))


def test_the_tool_asks_for_an_address():
    run = subprocess.run([sys.executable, TOOL], check=False, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr == "usage: schema_docs.py postgresql://USER@HOST/DATABASE\n"
