"""Users in the hands of admins: listing, changing, deleting, restoring."""

from typing import Any

import pytest
from tests.support.api import Api, error_of, fields_of
from tests.support.shop import PASSWORD, make, many

from angidi.db.rows import execute
from angidi.users.repository import lock_admins


# At different seconds, since the time stands still inside a test's transaction.
async def make_users(api: Api, count: int) -> None:
    made = many(
        "users",
        count,
        email="'made' || n || '@shop.example'",
        name="'Made ' || n",
        role="CASE WHEN mod(n, 3) = 0 THEN 'moderator' ELSE 'user' END",
        created_at="now() + n * interval '1 second'",
        deleted_at="CASE WHEN mod(n, 5) = 0 THEN now() END",
    )
    await make(api.database, made)


async def names(api: Api, headers: dict[str, str], **query: Any) -> list[str]:
    answer = await api.get("/users", headers=headers, params={"page_size": 100, **query})
    assert answer.status_code == 200, answer.text
    return [user["name"] for user in answer.json()["data"]["users"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users"),
        ("GET", "/users/{id}"),
        ("PUT", "/users/{id}"),
        ("DELETE", "/users/{id}"),
        ("POST", "/users/{id}/restore"),
    ],
)
async def test_only_admins_administer(api: Api, method: str, path: str) -> None:
    user = await api.make_user()
    path = path.format(id=user.id)
    assert error_of(await api.request(method, path)) == (401, "MISSING_TOKEN")
    assert error_of(await api.request(method, path, headers=api.as_(user))) == (403, "FORBIDDEN")


async def test_users_are_listed_newest_first(api: Api) -> None:
    headers = await api.admin_headers()
    await make_users(api, 4)
    assert await names(api, headers) == ["Made 4", "Made 3", "Made 2", "Made 1", "Some Admin"]


async def test_a_list_of_users_has_the_fields_of_every_list(api: Api) -> None:
    headers = await api.admin_headers()
    await make_users(api, 4)
    page = (await api.get("/users", headers=headers, params={"page": 2, "page_size": 2})).json()["data"]
    assert len(page.pop("users")) == 2
    assert page.pop("next_cursor")
    assert page == {"total_count": 5, "page": 2, "page_size": 2, "total_pages": 3}


async def test_users_are_found_by_role(api: Api) -> None:
    headers = await api.admin_headers()
    await make_users(api, 7)
    assert await names(api, headers, role="moderator") == ["Made 6", "Made 3"]


@pytest.mark.parametrize("term", ["MADE2@", "ade 2", " 2"])
async def test_users_are_found_inside_address_and_name_in_whatever_case(api: Api, term: str) -> None:
    headers = await api.admin_headers()
    await make_users(api, 4)
    assert await names(api, headers, search=term) == ["Made 2"]


@pytest.mark.parametrize("term", ["%", "_", "\\"])
async def test_wildcards_are_ordinary_characters(api: Api, term: str) -> None:
    headers = await api.admin_headers()
    await api.make_user(name=f"Some {term} User")
    await make_users(api, 2)
    assert await names(api, headers, search=term) == [f"Some {term} User"]


@pytest.mark.parametrize(("deleted", "expected"), [("only", {"Made 5"}), ("with", {"Made 4", "Made 5"})])
async def test_deleted_users_are_listed_when_asked_for(api: Api, deleted: str, expected: set[str]) -> None:
    headers = await api.admin_headers()
    await make_users(api, 5)
    found = set(await names(api, headers, deleted=deleted))
    assert expected <= found
    assert ("Made 4" in found) == ("Made 4" in expected)


@pytest.mark.parametrize("query", [{"role": "root"}, {"deleted": "yes"}, {"count": "all"}])
async def test_a_filter_that_has_no_such_value_is_refused(api: Api, query: dict[str, str]) -> None:
    answer = await api.get("/users", headers=await api.admin_headers(), params=query)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), list(query))


async def test_beyond_ten_thousand_hits_the_total_is_an_estimate_unless_asked_for(api: Api) -> None:
    headers = await api.admin_headers()
    await make_users(api, 13_000)
    page = (await api.get("/users?search=made", headers=headers)).json()["data"]
    assert (page["total_count"], page["total_is_estimate"]) == (10_000, True)
    page = (await api.get("/users?search=made&count=exact", headers=headers)).json()["data"]
    assert (page["total_count"], "total_is_estimate" in page) == (10_400, False)
    page = (await api.get("/users", headers=headers)).json()["data"]
    assert (page["total_count"], "total_is_estimate" in page) == (10_401, False)


async def test_a_deleted_user_is_shown_with_the_time_of_it(api: Api) -> None:
    headers = await api.admin_headers()
    user = await api.make_user()
    assert "deleted_at" not in (await api.get(f"/users/{user.id}", headers=headers)).json()["data"]
    await api.delete(f"/users/{user.id}", headers=headers)
    assert (await api.get(f"/users/{user.id}", headers=headers)).json()["data"]["deleted_at"].endswith("Z")


@pytest.mark.parametrize("id_", ["nope", "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"])
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/restore")])
async def test_an_unknown_user_is_not_found(api: Api, method: str, path: str, id_: str) -> None:
    headers, body = await api.admin_headers(), {"name": "Somebody"} if method == "PUT" else None
    answer = await api.request(method, f"/users/{id_}{path}", headers=headers, json=body)
    assert error_of(answer) == (404, "USER_NOT_FOUND")


async def test_an_admin_changes_role_and_name(api: Api) -> None:
    headers = await api.admin_headers()
    user = await api.make_user()
    answer = await api.put(f"/users/{user.id}", headers=headers, json={"role": "moderator", "name": " Mod "})
    assert (answer.json()["data"]["role"], answer.json()["data"]["name"]) == ("moderator", "Mod")


async def test_what_is_absent_stays(api: Api) -> None:
    headers = await api.admin_headers()
    user = await api.make_user()
    changed = (await api.put(f"/users/{user.id}", headers=headers, json={"role": "admin"})).json()["data"]
    assert (changed["role"], changed["name"], changed["email"]) == ("admin", user.name, user.email)


async def test_a_change_of_nothing_changes_nothing(api: Api) -> None:
    headers, user = await api.admin_headers(), await api.make_user()
    await api.database.write(execute, "UPDATE users SET updated_at = '2001-01-01'")
    changed = (await api.put(f"/users/{user.id}", headers=headers, json={})).json()["data"]
    assert (changed["name"], changed["updated_at"]) == (user.name, "2001-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("field", "value"), [("role", "root"), ("role", None), ("role", ""), ("name", None), ("name", "x")]
)
async def test_a_value_beyond_the_rules_is_refused(api: Api, field: str, value: object) -> None:
    headers, user = await api.admin_headers(), await api.make_user()
    answer = await api.put(f"/users/{user.id}", headers=headers, json={field: value})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [field])


async def test_a_deleted_user_is_not_changed(api: Api) -> None:
    headers, user = await api.admin_headers(), await api.make_user()
    await api.delete(f"/users/{user.id}", headers=headers)
    answer = await api.put(f"/users/{user.id}", headers=headers, json={"role": "admin"})
    assert error_of(answer) == (404, "USER_NOT_FOUND")


async def test_a_user_is_deleted_once(api: Api) -> None:
    headers, user = await api.admin_headers(), await api.make_user()
    assert (await api.delete(f"/users/{user.id}", headers=headers)).status_code == 204
    assert error_of(await api.delete(f"/users/{user.id}", headers=headers)) == (404, "USER_NOT_FOUND")


async def test_a_restored_user_logs_in_again(api: Api) -> None:
    headers, user = await api.admin_headers(), await api.make_user()
    await api.delete(f"/users/{user.id}", headers=headers)
    restored = await api.post(f"/users/{user.id}/restore", headers=headers)
    assert restored.status_code == 200
    assert "deleted_at" not in restored.json()["data"]
    login = await api.post("/users/login", json={"email": user.email, "password": PASSWORD})
    assert login.status_code == 200


async def test_restoring_what_is_not_deleted_changes_nothing(api: Api) -> None:
    headers, user = await api.admin_headers(), await api.make_user()
    before = (await api.get(f"/users/{user.id}", headers=headers)).json()
    answer = await api.post(f"/users/{user.id}/restore", headers=headers)
    assert (answer.status_code, answer.json()) == (200, before)


async def test_a_user_whose_address_was_registered_again_is_not_restored(api: Api) -> None:
    headers, user = await api.admin_headers(), await api.make_user("ada@shop.example")
    await api.delete(f"/users/{user.id}", headers=headers)
    await api.make_user("ADA@shop.example")
    answer = await api.post(f"/users/{user.id}/restore", headers=headers)
    assert error_of(answer) == (409, "EMAIL_EXISTS")


@pytest.mark.parametrize("role", ["user", "moderator"])
async def test_the_last_admin_keeps_the_role(api: Api, role: str) -> None:
    admin = await api.make_admin()
    answer = await api.put(f"/users/{admin.id}", headers=api.as_(admin), json={"role": role})
    assert error_of(answer) == (409, "LAST_ADMIN")


async def test_the_last_admin_is_not_deleted_though_deleted_ones_remain(api: Api) -> None:
    admin, former = await api.make_admin(), await api.make_admin("former@shop.example")
    await api.services.users.delete(former.id)
    answer = await api.delete(f"/users/{admin.id}", headers=api.as_(admin))
    assert error_of(answer) == (409, "LAST_ADMIN")


async def test_an_admin_logs_in_while_roles_are_being_changed(pool_api: Api) -> None:
    login = {"email": (await pool_api.make_admin()).email, "password": PASSWORD}
    async with pool_api.database.transaction() as conn:
        await lock_admins(conn)
        assert (await pool_api.post("/users/login", json=login)).status_code == 200


async def test_the_last_admin_can_be_renamed(api: Api) -> None:
    admin = await api.make_admin()
    body = {"name": "Root", "role": "admin"}
    answer = await api.put(f"/users/{admin.id}", headers=api.as_(admin), json=body)
    assert answer.json()["data"]["name"] == "Root"
