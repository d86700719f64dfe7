"""The check of commit messages, on repositories made for it."""

import subprocess
from pathlib import Path

import pytest
from tools.commits import Commit, commits, problems

BODY = "\n\nIt hung until the server was killed."


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Send large files" + " in full" * 8 + BODY, "the subject has 80 characters"),
        ("Send large files." + BODY, "full stop"),
        ("Send large files", "no body"),
        ("Send large files\nIt hung.", "no blank line"),
    ],
)
def test_a_message_that_breaks_a_rule_is_found(message: str, expected: str):
    (found,) = problems(Commit("abc1234", message))
    assert expected in found


def test_a_message_that_keeps_the_rules_passes():
    assert list(problems(Commit("abc1234", "x" * 72 + BODY))) == []


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for subject in ("Begin", "Go on", "End"):
        git(folder, "commit", "--quiet", "--allow-empty", f"--message={subject}{BODY}")
    return folder


def test_the_commits_after_the_base_are_listed(repository: Path):
    base = git(repository, "rev-parse", "HEAD~2").strip()
    found = commits(repository, base)
    assert [commit.message.split("\n")[0] for commit in found if isinstance(commit, Commit)] == ["End", "Go on"]


def test_a_shallow_clone_without_the_base_lists_its_newest_commit(repository: Path, tmp_path: Path):
    base = git(repository, "rev-parse", "HEAD~2").strip()
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{repository}", "shallow")
    found = commits(tmp_path / "shallow", base)
    assert [commit.message.split("\n")[0] for commit in found if isinstance(commit, Commit)] == ["End"]


def test_without_git_or_the_base_nothing_is_listed_and_the_reason_is_said(repository: Path, tmp_path: Path):
    assert commits(tmp_path, "HEAD") == "this is no git work tree"
    assert commits(repository, "0" * 40) == f"there is no commit {'0' * 40}"
