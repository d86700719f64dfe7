"""One's own account: showing, renaming, deleting; and who is let in at all."""

from datetime import timedelta
from uuid import UUID

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import PASSWORD

from angidi.config import Settings
from angidi.db.rows import execute
from angidi.ids import new_id
from angidi.security.tokens import Tokens
from angidi.users.models import User


def key_of(settings: Settings) -> str:
    return (settings.angidi_home / "jwt-secret").read_text()


def bearer(user: User, key: str, *, age: timedelta = timedelta(0)) -> dict[str, str]:
    """Return the header with a token that `key` signed, `age` ago."""
    tokens = Tokens(key, access=timedelta(minutes=15) - age, refresh=timedelta(days=7))
    return {"Authorization": f"Bearer {tokens.make_access(user.id, user.email, user.role)}"}


async def test_an_account_shows_itself(api: Api) -> None:
    user = await api.make_user()
    shown = (await api.get("/users/me", headers=api.as_(user))).json()["data"]
    assert (shown["id"], shown["email"]) == (str(user.id), user.email)


async def test_without_a_token_nobody_is_let_in(api: Api) -> None:
    assert error_of(await api.get("/users/me")) == (401, "MISSING_TOKEN")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Token x", "Basic dTpw", "Bearer a b", "x"])
async def test_another_scheme_or_shape_of_the_header_is_named(api: Api, header: str) -> None:
    answer = await api.get("/users/me", headers={"Authorization": header})
    assert error_of(answer) == (401, "INVALID_TOKEN_FORMAT")


async def test_the_scheme_is_read_in_whatever_case(api: Api) -> None:
    token = api.as_(await api.make_user())["Authorization"].removeprefix("Bearer ")
    assert (await api.get("/users/me", headers={"Authorization": f"bearer {token}"})).status_code == 200


async def test_an_expired_token_is_named(api: Api, settings: Settings) -> None:
    headers = bearer(await api.make_user(), key_of(settings), age=timedelta(minutes=16))
    assert error_of(await api.get("/users/me", headers=headers)) == (401, "EXPIRED_TOKEN")


async def test_a_token_signed_with_another_key_is_invalid(api: Api) -> None:
    headers = bearer(await api.make_user(), "x" * 32)
    assert error_of(await api.get("/users/me", headers=headers)) == (401, "INVALID_TOKEN")


async def test_a_deleted_account_is_refused_at_once(api: Api) -> None:
    user = await api.make_user()
    headers = api.as_(user)
    await api.services.users.delete(user.id)
    for method in ("GET", "PUT", "DELETE"):
        body = {"name": "Somebody"} if method == "PUT" else None
        assert error_of(await api.request(method, "/users/me", headers=headers, json=body)) == (401, "INVALID_TOKEN")


async def test_an_account_that_never_was_is_not_found(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.tokens.make_access(new_id(), 'no@shop.example', 'user')}"}
    for method in ("GET", "PUT", "DELETE"):
        body = {"name": "Somebody"} if method == "PUT" else None
        assert error_of(await api.request(method, "/users/me", headers=headers, json=body)) == (404, "USER_NOT_FOUND")


async def test_a_lost_role_counts_at_once(api: Api) -> None:
    admin = await api.make_admin()
    headers = api.as_(admin)
    await api.make_admin("other@shop.example")
    await api.database.write(execute, "UPDATE users SET role = 'user' WHERE id = %(id)s", {"id": admin.id})
    assert error_of(await api.get("/users", headers=headers)) == (403, "FORBIDDEN")


async def test_a_gained_role_counts_at_once(api: Api) -> None:
    user = await api.make_user()
    headers = api.as_(user)
    await api.database.write(execute, "UPDATE users SET role = 'admin'")
    assert (await api.get("/users", headers=headers)).status_code == 200


async def test_a_moderator_has_a_users_rights(api: Api) -> None:
    headers = api.as_(await api.make_user())
    await api.database.write(execute, "UPDATE users SET role = 'moderator'")
    assert (await api.get("/users/me", headers=headers)).json()["data"]["role"] == "moderator"
    assert error_of(await api.get("/users", headers=headers)) == (403, "FORBIDDEN")


async def test_an_account_renames_itself(api: Api) -> None:
    headers = api.as_(await api.make_user())
    answer = await api.put("/users/me", headers=headers, json={"name": " Grace Hopper "})
    assert answer.json()["data"]["name"] == "Grace Hopper"
    assert (await api.get("/users/me", headers=headers)).json()["data"] == answer.json()["data"]


@pytest.mark.parametrize("name", [None, "", "  ", "J", "J" * 101, 7])
async def test_a_name_beyond_the_rules_is_refused(api: Api, name: object) -> None:
    answer = await api.put("/users/me", headers=api.as_(await api.make_user()), json={"name": name})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["name"])


async def test_nobody_changes_their_own_address_or_role(api: Api) -> None:
    user = await api.make_user()
    body = {"name": "Grace", "email": "grace@shop.example", "role": "admin"}
    changed = (await api.put("/users/me", headers=api.as_(user), json=body)).json()["data"]
    assert (changed["email"], changed["role"]) == (user.email, "user")


async def test_an_account_deletes_itself_softly(api: Api) -> None:
    user = await api.make_user()
    answer = await api.delete("/users/me", headers=api.as_(user))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await api.services.users.get(user.id)).deleted_at is not None


async def test_a_deleted_account_cannot_log_in(api: Api) -> None:
    user = await api.make_user()
    await api.delete("/users/me", headers=api.as_(user))
    answer = await api.post("/users/login", json={"email": user.email, "password": PASSWORD})
    assert error_of(answer) == (401, "INVALID_CREDENTIALS")


async def test_the_last_admin_cannot_delete_themselves(api: Api) -> None:
    headers = await api.admin_headers()
    assert error_of(await api.delete("/users/me", headers=headers)) == (409, "LAST_ADMIN")
    assert (await api.get("/users/me", headers=headers)).status_code == 200


async def test_an_admin_who_is_not_the_last_can_delete_themselves(api: Api) -> None:
    headers = await api.admin_headers()
    await api.make_admin("other@shop.example")
    assert (await api.delete("/users/me", headers=headers)).status_code == 204


def test_ids_are_made_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(ids)
    assert {UUID(str(made)).version for made in ids} == {7}
