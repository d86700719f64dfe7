"""The rules of tools/lints.py: each sees the file that breaks it, and lets the one beside it pass."""

import ast

import pytest
from tools.lints import RULES, File, crowded_folders, lock_problems, problems, shared_class_names

SERVICE = "src/angidi/users/service.py"

BREAKS = [
    ("src/angidi/x.py", "pass\n" * 301, "has 301 lines"),
    ("src/angidi/x.py", "def long():\n" + "    pass\n" * 45, "long has 46 lines"),
    ("src/angidi/users/repository.py", 'LIST = """\n    SELECT *\n      FROM users"""', "list the columns"),
    ("src/angidi/users/repository.py", 'LIST = "SELECT u.* FROM users AS u"', "list the columns"),
    ("src/angidi/users/repository.py", 'LIST = "SELECT id FROM public.users"', "search path"),
    (SERVICE, 'FIND = "SELECT id FROM users"', "outside a repository"),
    (
        "src/angidi/users/routes.py",
        "async def f(db):\n    async with db.transaction():\n        pass",
        "outside a service",
    ),
    (SERVICE, "async def f(conn):\n    await conn.commit()", "commit()"),
    ("tests/test_x.py", "x = 1  # noqa: S104", "# noqa: S104 : name the rule"),
    ("tests/test_x.py", "x = 1  # noqa", "# noqa : name the rule"),
    ("tools/x.py", "x = 1  # pyright: ignore - an old stub", "name the rule"),
    ("src/angidi/x.py", "class Tally:\n    pass", "QueryCounter"),
    ("src/angidi/x.py", "def f(*, undo=False):\n    pass", "rollback"),
    ("src/angidi/x.py", "class A:\n    belongs = 1", "requires"),
    ("src/angidi/x.py", "self._living = 1", "active"),
    ("src/angidi/db/pool.py", "def take():\n    pass", "acquire"),
    ("src/angidi/db/turns.py", "pass", "admission"),
]

PASSES = [
    ("src/angidi/x.py", "pass\n" * 300),
    ("src/angidi/x.py", "def long():\n" + "    pass\n" * 44),
    ("tests/test_x.py", "pass\n" * 301),
    ("src/angidi/users/repository.py", 'COUNT = "SELECT count(*) FROM users"'),
    ("src/angidi/migrate/database/version_table.py", 'READ = "SELECT version FROM schema_migrations"'),
    (SERVICE, '"""SELECT is a word in this docstring."""'),
    (SERVICE, "async def f(db):\n    async with db.transaction():\n        pass"),
    ("tests/test_x.py", "x = 1  # noqa: S104 - an example"),
    ("tests/test_x.py", "x = 1  # pyright: ignore[reportArgumentType] - libpq's settings are text"),
    ("tests/test_x.py", "x = '# noqa'"),
    ("src/angidi/x.py", "def take(end, store):\n    return end.undo(walked=1)"),
    ("tests/test_x.py", "class Tally:\n    pass"),
]


@pytest.mark.parametrize(("path", "text", "expected"), BREAKS)
def test_a_broken_rule_is_found(path: str, text: str, expected: str):
    (found,) = problems(path, text)
    assert expected in found
    assert found.startswith(f"{path}:")


@pytest.mark.parametrize(("path", "text"), PASSES)
def test_what_keeps_the_rules_passes(path: str, text: str):
    assert problems(path, text) == []


def test_every_rule_says_what_it_wants():
    assert all(rule.__doc__ for rule in RULES)


@pytest.mark.parametrize("line", ["--find-links /srv/wheels", "x @ https://index.example/x.whl", "-e ."])
def test_a_lock_with_a_place_in_it_is_found(line: str):
    assert lock_problems("requirements/dev.txt", f"x==1 \\\n    --hash=sha256:00\n{line}\n") == [
        "requirements/dev.txt:3: names a place: a lock holds versions and hashes only"
    ]


def file(path: str, text: str) -> File:
    return File(path, text, ast.parse(text))


def test_two_classes_of_one_name_are_found():
    files = [file(path, "class Row:\n    pass") for path in ("src/angidi/a.py", "src/angidi/b.py", "tests/c.py")]
    assert shared_class_names(files) == [
        "src/angidi/a.py:1: class Row has the name of another class: src/angidi/b.py:1",
        "src/angidi/b.py:1: class Row has the name of another class: src/angidi/a.py:1",
    ]
    assert shared_class_names(files[1:]) == []


def test_a_folder_of_sixteen_files_is_found():
    paths = [f"src/angidi/x/{number}.py" for number in range(16)]
    assert crowded_folders(paths) == ["src/angidi/x: has 16 Python files, more than 15: use subfolders by subject"]
    assert crowded_folders([*paths[1:], "src/angidi/x/y/16.py", *(f"tests/{number}.py" for number in range(16))]) == []
