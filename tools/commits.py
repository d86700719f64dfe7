"""Commit messages keep the rules of CONTRIBUTING.md: `python -m tools.commits [BASE]`.

A subject has at most 72 characters and no full stop; a blank line and a body follow. All commits after BASE (default:
`FIRST_CHECKED`) are checked, except merges. A shallow clone without BASE checks the newest commit only. Without a
git repository, the check is skipped with a message.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]

FIRST_CHECKED = "7955e9de98e200d8b0fb0e4cb5714a42219a5835"
"""Commits up to this one are older than the rule."""

SUBJECT = 72


class Commit(NamedTuple):
    """A commit by its abbreviated hash, and its message."""

    id: str
    message: str


def problems(commit: Commit) -> Iterator[str]:
    """Yield what is wrong with the message of a commit."""
    subject, *rest = commit.message.rstrip().split("\n")
    if len(subject) > SUBJECT:
        yield f"{commit.id}: the subject has {len(subject)} characters, more than {SUBJECT}: {subject}"
    if subject.endswith("."):
        yield f"{commit.id}: the subject ends in a full stop: {subject}"
    if rest and rest[0]:
        yield f"{commit.id}: no blank line after the subject: {subject}"
    if not any(rest):
        yield f"{commit.id}: no body says why: {subject}"


def commits(folder: Path, base: str) -> list[Commit] | str:
    """Return the commits after `base`, merges excepted, or the reason why they cannot be listed."""
    if not (folder / ".git").exists():
        return "this is no git work tree"
    known = _git(folder, "rev-parse", "--quiet", "--verify", f"{base}^{{commit}}") is not None
    if not known and (_git(folder, "rev-parse", "--is-shallow-repository") or "").strip() != "true":
        return f"there is no commit {base}"
    listed = _git(folder, "log", "--no-merges", "--format=%h%n%B%x00", f"{base}..HEAD" if known else "HEAD")
    if listed is None:
        return "git cannot read the history"
    found = [text.strip("\n").partition("\n") for text in listed.split("\0") if text.strip()]
    # The oldest commits of a shallow clone may be older than the rule.
    return [Commit(name, message) for name, _, message in (found if known else found[:1])]


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def main(arguments: Sequence[str]) -> int:
    """Check the commits after the base; return 1 if a message breaks a rule."""
    found = commits(PROJECT, arguments[0] if arguments else FIRST_CHECKED)
    if isinstance(found, str):
        print(f"commit messages not checked: {found}")
        return 0
    wrong = [problem for commit in found for problem in problems(commit)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
