"""`angidi users`."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.support.shop import many
from tests.support.terminal import Terminal

from angidi.security.passwords import Passwords

OnTerminal = Callable[..., Terminal]

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
    assert (done.exit_code, done.stderr) == (1, "error: password: must have 12 characters or more for an admin\n")
    assert role_of(fresh_db, "a@b.example") is None


def test_a_password_is_read_from_standard_input(run: Run, fresh_db: str) -> None:
    done = run("users", "create", *ADA[:4], "--password-stdin", "--json", input="correct horse battery\n")
    assert (done.exit_code, json.loads(done.stdout)["email"]) == (0, "ada@shop.example")
    assert is_password(fresh_db, "ada@shop.example", "correct horse battery")


def test_a_password_is_given_in_one_way_only(run: Run) -> None:
    assert run("users", "create", *ADA, "--password-stdin", input="correct horse battery").exit_code == 2


# What the other commands are run on


def is_password(url: str, email: str, password: str) -> bool:
    with psycopg.connect(url) as conn:
        ((stored,),) = conn.execute("SELECT password_hash FROM users WHERE email = %s", [email]).fetchall()
    return asyncio.run(Passwords().match(password, stored)) is not None


@pytest.fixture
def user_id(run: Run) -> Callable[..., str]:
    """`user_id("ada@shop.example", "--admin")` creates a user and returns the id."""

    def create(email: str, *options: str) -> str:
        done = run("users", "create", "--email", email, "--name", "Somebody", "--password", "correct horse battery",
                   "--json", *options)  # fmt: skip
        return str(json.loads(done.stdout)["id"])

    return create


def shown(run: Run, user: str) -> dict[str, Any]:
    return json.loads(run("users", "show", user, "--json").stdout)


@pytest.fixture
def on_terminal(fresh_db: str, tmp_path: Path) -> OnTerminal:
    """`on_terminal("users", "delete", …)` runs the command on a terminal."""
    return lambda *arguments: Terminal(
        ("-m", "angidi", *arguments), {"DATABASE_URL": fresh_db, "ANGIDI_HOME": str(tmp_path)}
    )


# list


def test_without_a_user_it_says_how_to_create_one(run: Run) -> None:
    done = run("users", "list")
    assert (done.exit_code, done.stdout) == (0, "no users yet: angidi users create --admin\n")
    assert json.loads(run("users", "list", "--json").stdout) == {"users": []}
    assert run("users", "list", "--role", "admin").stdout == "no user matches\n"


def test_every_user_of_many_pages_is_listed_once_newest_first(run: Run, fresh_db: str) -> None:
    with psycopg.connect(fresh_db) as conn:
        conn.execute(many("users", 1050, created_at="now() - n * interval '1 minute'"))
    listed = json.loads(run("users", "list", "--json").stdout)["users"]
    assert [user["email"] for user in listed] == [f"user{n}@shop.example" for n in range(1, 1051)]
    head, *lines = run("users", "list").stdout.splitlines()
    assert head.split() == ["ID", "ROLE", "CREATED", "EMAIL", "NAME"]
    assert [line.split()[0] for line in lines] == [user["id"] for user in listed]


def test_a_list_has_those_with_a_text_a_role_or_deleted(run: Run, user_id: Callable[..., str]) -> None:
    ada, bo, cy = user_id("ada@shop.example", "--admin"), user_id("bo@shop.example"), user_id("cy@shop.example")
    run("users", "delete", cy, "--yes")

    def ids(*options: str) -> list[str]:
        return [user["id"] for user in json.loads(run("users", "list", "--json", *options).stdout)["users"]]

    assert ids() == [bo, ada]
    assert ids("--role", "admin") == [ada]
    assert ids("--search", "BO@") == [bo]
    assert ids("--deleted", "only") == [cy]
    assert ids("--deleted", "with") == [cy, bo, ada]
    assert "(deleted 20" in run("users", "list", "--deleted", "only").stdout


def test_a_name_cannot_break_a_line_of_the_list(run: Run, fresh_db: str) -> None:
    with psycopg.connect(fresh_db) as conn:
        conn.execute(many("users", 1, name="E'a\\nb\\x1b[31m'"))
    assert len(run("users", "list").stdout.splitlines()) == 2
    assert "\x1b" not in run("users", "show", "user1@shop.example").stdout


# show


def test_a_user_is_shown_by_id_or_address_in_any_case(run: Run, user_id: Callable[..., str]) -> None:
    ada = user_id("ada@shop.example")
    by_id, by_email = run("users", "show", ada), run("users", "show", "ADA@shop.example")
    assert by_id.stdout == by_email.stdout
    assert f"id       {ada}\nemail    ada@shop.example\nname     Somebody\nrole     user\n" in by_id.stdout
    assert "password" not in by_id.stdout


@pytest.mark.parametrize("user", ["nobody@shop.example", "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"])
@pytest.mark.parametrize("command", ["show", "promote", "demote", "delete", "restore"])
def test_a_user_that_is_not_there_is_told(run: Run, command: str, user: str) -> None:
    done = run("users", command, user)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "There is no" in done.stderr


def test_of_several_deleted_users_of_one_address_the_ids_are_named(run: Run, user_id: Callable[..., str]) -> None:
    first = user_id("ada@shop.example")
    run("users", "delete", first, "--yes")
    assert shown(run, "ada@shop.example")["id"] == first
    second = user_id("ada@shop.example")
    assert shown(run, "ada@shop.example")["id"] == second
    run("users", "delete", second, "--yes")
    done = run("users", "restore", "ada@shop.example")
    assert done.exit_code == 1
    assert first in done.stderr
    assert second in done.stderr


# promote and demote


@pytest.mark.parametrize(
    ("options", "before", "after"),
    [
        (["promote"], "user", "admin"),
        (["promote", "--to", "moderator"], "user", "moderator"),
        (["promote"], "moderator", "admin"),
        (["promote"], "admin", "admin"),
        (["demote"], "moderator", "user"),
        (["demote"], "admin", "user"),
        (["demote", "--to", "moderator"], "admin", "moderator"),
    ],
)
def test_a_role_is_given(run: Run, user_id: Callable[..., str], options: list[str], before: str, after: str) -> None:
    user_id("other@shop.example", "--admin")
    user_id("ada@shop.example")
    run("users", "promote", "ada@shop.example", "--to", before) if before != "user" else None
    done = run("users", *options, "ada@shop.example", "--json")
    assert (done.exit_code, json.loads(done.stdout)["role"]) == (0, after)
    assert shown(run, "ada@shop.example")["role"] == after


def test_who_becomes_an_admin_is_told_of_the_longer_password(run: Run, user_id: Callable[..., str]) -> None:
    user_id("ada@shop.example")
    assert "12 characters" in run("users", "promote", "ada@shop.example").stderr


def test_promoting_never_takes_rights_away_and_names_the_command_that_does(
    run: Run, user_id: Callable[..., str]
) -> None:
    user_id("ada@shop.example", "--admin")
    done = run("users", "promote", "ada@shop.example", "--to", "moderator")
    assert (done.exit_code, shown(run, "ada@shop.example")["role"]) == (1, "admin")
    assert done.stderr.endswith("angidi users demote ada@shop.example --to moderator\n")


def test_a_command_to_copy_runs_nothing_that_a_users_address_holds(run: Run, user_id: Callable[..., str]) -> None:
    user_id("`reboot`|x@shop.example", "--admin")
    quoted = "'`reboot`|x@shop.example'"
    assert f"set-password {quoted}\n" in run("users", "promote", "`reboot`|x@shop.example").stderr
    done = run("users", "promote", "`reboot`|x@shop.example", "--to", "moderator")
    assert done.stderr.endswith(f"angidi users demote {quoted} --to moderator\n")


@pytest.mark.parametrize("command", [["demote"], ["delete", "--yes"]])
def test_the_last_admin_stays_and_the_message_says_what_to_do(
    run: Run, user_id: Callable[..., str], command: list[str]
) -> None:
    user_id("ada@shop.example", "--admin")
    done = run("users", *command, "ada@shop.example")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Make another user an admin first." in done.stderr
    assert shown(run, "ada@shop.example")["role"] == "admin"


# set-password


def test_a_password_is_replaced(run: Run, fresh_db: str, user_id: Callable[..., str]) -> None:
    user_id("ada@shop.example")
    done = run("users", "set-password", "ada@shop.example", "--password-stdin", input="another password\r\n")
    assert (done.exit_code, done.stdout) == (0, "ada@shop.example has a new password\n")
    assert is_password(fresh_db, "ada@shop.example", "another password")


@pytest.mark.parametrize(
    ("role", "password", "reason"),
    [
        ([], "short", "password: must be a text of 8 to 128 characters"),
        (["--admin"], "elevenchars", "password: must have 12 characters or more for an admin"),
    ],
)
def test_a_new_password_keeps_the_rules(
    run: Run, user_id: Callable[..., str], role: list[str], password: str, reason: str
) -> None:
    user_id("ada@shop.example", *role)
    before = shown(run, "ada@shop.example")
    done = run("users", "set-password", "ada@shop.example", "--password-stdin", input=password)
    assert (done.exit_code, done.stderr) == (1, f"error: {reason}\n")
    assert shown(run, "ada@shop.example") == before


def test_without_a_terminal_a_password_comes_from_standard_input_only(run: Run) -> None:
    done = run("users", "set-password", "ada@shop.example")
    assert done.exit_code == 2
    assert "--password-stdin" in done.stderr


def test_on_a_terminal_a_password_is_asked_for_twice_and_not_shown(
    fresh_db: str, user_id: Callable[..., str], on_terminal: OnTerminal
) -> None:
    user_id("ada@shop.example")
    terminal = on_terminal("users", "set-password", "ada@shop.example")
    terminal.answer("Password: ", "another password")
    terminal.answer("confirmation: ", "another password")
    assert terminal.end() == 0, terminal.shown
    assert "another password" not in terminal.shown
    assert is_password(fresh_db, "ada@shop.example", "another password")


# delete and restore


def test_a_deleted_user_is_restored_with_role_and_password(
    run: Run, fresh_db: str, user_id: Callable[..., str]
) -> None:
    user_id("ada@shop.example", "--admin")
    bo = user_id("bo@shop.example", "--admin")
    done = run("users", "delete", "bo@shop.example", "--yes")
    assert done.stdout == f"bo@shop.example is deleted; to undo it: angidi users restore {bo}\n"
    assert "deleted_at" in shown(run, bo)
    assert run("users", "delete", bo).exit_code == 0  # it is deleted already: nothing to ask
    done = run("users", "restore", "bo@shop.example")
    assert (done.exit_code, done.stdout) == (0, "bo@shop.example is active, with the role admin\n")
    assert is_password(fresh_db, "bo@shop.example", "correct horse battery")


@pytest.mark.parametrize("command", [["promote"], ["demote"], ["set-password", "--password-stdin"]])
def test_a_deleted_user_is_to_be_restored_first(run: Run, user_id: Callable[..., str], command: list[str]) -> None:
    ada = user_id("ada@shop.example")
    run("users", "delete", ada, "--yes")
    done = run("users", *command, "ada@shop.example", input="another password")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"angidi users restore {ada}" in done.stderr


def test_whose_address_is_taken_meanwhile_is_not_restored(run: Run, user_id: Callable[..., str]) -> None:
    first = user_id("ada@shop.example")
    run("users", "delete", first, "--yes")
    second = user_id("ada@shop.example")
    done = run("users", "restore", first)
    assert done.exit_code == 1
    assert f"angidi users delete {second}" in done.stderr


def test_without_a_terminal_nothing_is_deleted_unless_told_to(run: Run, user_id: Callable[..., str]) -> None:
    user_id("ada@shop.example")
    done = run("users", "delete", "ada@shop.example")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert "deleted_at" not in shown(run, "ada@shop.example")


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_on_a_terminal_it_asks_before_it_deletes(
    run: Run, user_id: Callable[..., str], on_terminal: OnTerminal, answer: str, code: int
) -> None:
    user_id("ada@shop.example")
    terminal = on_terminal("users", "delete", "ada@shop.example")
    terminal.answer("Delete ada@shop.example (user, Somebody)?", answer)
    assert terminal.end() == code, terminal.shown
    assert ("deleted_at" in shown(run, "ada@shop.example")) == (code == 0)


@pytest.mark.parametrize(
    ("password", "message"), [("Password123", "most common"), ("ada@shop.example", "email address")]
)
def test_no_command_gives_a_password_that_is_tried_first(run: Run, password: str, message: str) -> None:
    created = run("users", "create", *ADA[:4], "--password-stdin", input=password)
    assert run("users", "create", *ADA).exit_code == 0
    replaced = run("users", "set-password", "ada@shop.example", "--password-stdin", input=password)
    for done in (created, replaced):
        assert done.exit_code == 1
        assert re.match(f"error: password: .*{message}", done.stderr)


def test_a_token_to_set_a_new_password_is_printed_alone(run: Run) -> None:
    run("users", "create", *ADA)
    done = run("users", "reset-password", "ada@shop.example")
    assert done.exit_code == 0
    assert re.fullmatch(r"[\w-]{43}\n", done.stdout)
    assert "ada@shop.example can set a new password with this token once, until" in done.stderr
    as_json = run("users", "reset-password", "ada@shop.example", "--json")
    assert set(json.loads(as_json.stdout)) == {"reset_token", "expires_at"}


def test_a_deleted_user_gets_no_token(run: Run) -> None:
    run("users", "create", *ADA)
    run("users", "delete", "ada@shop.example", "--yes")
    done = run("users", "reset-password", "ada@shop.example")
    assert done.exit_code == 1
    assert "restore the user first" in done.stderr
