"""The rules of tools/lints.py: each sees the file that breaks it, and lets the one beside it pass."""

import pytest
from tools.lints import RULES, lock_problems, problems

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
