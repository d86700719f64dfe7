"""`angidi users create`."""

import psycopg
from tests.cli.conftest import Run

ADA = ("--email", "ada@shop.example", "--name", "Ada", "--password", "correct horse battery")


def role_of(url: str, email: str) -> str | None:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT role FROM users WHERE email = %s", [email]).fetchone()
    return row[0] if row else None


def test_an_admin_is_created(run: Run, fresh_db: str) -> None:
    done = run("users", "create", "--admin", *ADA)
    assert (done.exit_code, done.stdout.split(" (")[0]) == (0, "created admin ada@shop.example")
    assert role_of(fresh_db, "ada@shop.example") == "admin"


def test_what_is_not_given_is_asked_for(run: Run, fresh_db: str) -> None:
    answers = "bo@shop.example\nBo\ncorrect horse\ncorrect horse\n"
    done = run("users", "create", input=answers)
    assert done.exit_code == 0
    assert "correct horse" not in done.output
    assert role_of(fresh_db, "bo@shop.example") == "user"


def test_a_taken_address_is_told(run: Run) -> None:
    run("users", "create", *ADA)
    again = run("users", "create", *ADA)
    assert (again.exit_code, again.stderr) == (1, "error: This email address is already registered.\n")


def test_every_wrong_field_is_named_and_nothing_else_said(run: Run) -> None:
    done = run("users", "create", "--email", "x", "--name", "y", "--password", "z")
    assert done.exit_code == 1
    assert [line.split(": ")[:2] for line in done.stderr.splitlines()] == [
        ["error", field] for field in ("email", "password", "name")
    ]


def test_an_admins_password_is_long(run: Run, fresh_db: str) -> None:
    done = run("users", "create", "--admin", "--email", "a@b.example", "--name", "Ada", "--password", "elevenchars")
    assert done.exit_code == 2
    assert role_of(fresh_db, "a@b.example") is None
