"""squawk's findings, where it is installed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_OURS = {
    "require-concurrent-index-creation", "require-timeout-settings", "ban-drop-table", "ban-drop-column",
    "changing-column-type", "renaming-column", "renaming-table", "constraint-missing-not-valid",
    "adding-foreign-key-constraint", "adding-not-nullable-field", "disallowed-unique-constraint", "prefer-robust-stmts",
}  # fmt: skip
"""What our own rules say better, and what the runner sees to: it sets lock_timeout for atomic files.

`prefer-robust-stmts` asks for IF NOT EXISTS where an index is built CONCURRENTLY. A build that fails leaves an invalid
index, which that would take for one that is built; without it, `repair` finds the index.
"""


def squawk(paths: Sequence[Path], server: int) -> list[tuple[Path, int, int, str, str, str]]:
    """Return (path, line, column, rule, message, advice) for each finding; nothing where squawk is missing."""
    program = shutil.which("squawk", path=f"{Path(sys.executable).parent}") or shutil.which("squawk")
    if not program or not paths:
        return []
    excluded = [f"--exclude={rule}" for rule in sorted(_OURS)]
    fixed = [
        "--reporter=json",
        f"--pg-version={server}.0",
        "--assume-in-transaction",
        "--no-error-on-unmatched-pattern",
    ]
    command = [program, *fixed, *excluded, *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    found: list[dict[str, Any]] = json.loads(result.stdout or "[]")
    return [_finding(each) for each in found]


def _finding(found: dict[str, Any]) -> tuple[Path, int, int, str, str, str]:
    rule, column = f"squawk:{found['rule_name']}", int(found.get("column", 0)) + 1
    return (
        Path(found["file"]),
        int(found["line"]) + 1,
        column,
        rule,
        found["message"].removesuffix("."),
        found.get("help") or "",
    )
