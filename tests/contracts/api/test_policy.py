"""The API contract: who may do what with what is whose. Another's is what is not there.

The policy is in `policy.py`; the operations are those of the OpenAPI description.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

import pytest
from msgspec import structs
from tests.contracts.api.policy import ADMINS, CALLERS, CALLS, OPERATIONS, Call
from tests.contracts.api.rows import ADA, ADMIN, DEMOTED, MODERATOR, OTHER, PROMOTED, Body, Row, Scene
from tests.support.api import Api, error_of
from tests.support.tables import contents

from angidi.app import OPERATIONS as DECLARED
from angidi.users.models import Role

ROWS = [(call, row) for call in CALLS for row in call.rows()]
READS = [call for call in CALLS if call.call.startswith("GET")]
HIDDEN = [row for _, row in ROWS if row.status == 404]
CHANGES = [(call, row) for call, row in ROWS if row.status < 400 and not call.call.startswith("GET")]
GUARDED = [call for call in CALLS if call.policy.nobody and not call.call.startswith("GET")]
REFUSED_BODIES: dict[str, Body] = {
    "nothing that is required": {},
    "half an object": "{",
    "a list": "[]",
    "a lone field": {"name": 1, "items": 1},
    "70,000 bytes": " " * 70_000,
}
FORGED = {
    **dict.fromkeys(("id", "user_id", "actor_id", "order_id", "parent"), "deadbeef-dead-7eef-8eef-deadbeefdead"),
    **dict.fromkeys(("created_at", "updated_at", "deleted_at", "expires_at", "at"), "2001-01-01T00:00:00Z"),
    **dict.fromkeys(("total", "unit_price", "line_total"), 0.77),
    **dict.fromkeys(("number", "password_hash", "kind", "currency"), "FORGED"),
    "version": 987_654,
}
"""Fields of rows that no body sets, and values that nothing else has."""

FORGEABLE = [(call, row) for call, row in CHANGES if isinstance(row.body, dict) and row.who in {ADA, ADMIN}]
OWNED = re.compile(r"\{(address|reservation|order)\}")
each_call = pytest.mark.parametrize("call", CALLS, ids=[f"{call.call} {call.body or ''}"[:80] for call in CALLS])


@pytest.fixture
async def crowd(api: Api, sales: Scene) -> Scene:
    """The scene with two whose role has changed since their tokens were made, and a token to reset ADA's password."""
    issued = await sales.call(Row("POST /users/{ada}/password-reset", ADMIN, None, 201, None))
    return sales.with_(
        {"reset": issued.json()["data"]["reset_token"]},
        {DEMOTED: await _with_token(api, "user", "admin"), PROMOTED: await _with_token(api, "admin")},
    )


async def _with_token(api: Api, role: Role, former: Role = "user") -> dict[str, str]:
    """Return the headers of a new account of this role, whose token names the former one."""
    user = await api.make_user(f"now-{role}@shop.example", role=role)
    return api.as_(structs.replace(user, role=former))


async def prepare(crowd: Scene, call: Call) -> None:
    """Do what an admin has to have done before."""
    for action in call.before:
        assert (await crowd.call(Row(f"POST /orders/{{order}}/{action}", ADMIN, {}, 200, None))).status_code == 200


@each_call
async def test_who_may_not_is_refused_as_the_policy_says_and_changes_nothing(
    api: Api, crowd: Scene, call: Call
) -> None:
    await prepare(crowd, call)
    before = await contents(api.database)
    for row in call.rows():
        if row.status >= 400:
            crowd.check(row, await crowd.call(row))
    assert await contents(api.database) == before


@pytest.mark.parametrize("call", READS, ids=[call.call for call in READS])
async def test_who_may_read_can(crowd: Scene, call: Call) -> None:
    for row in call.rows():
        if row.status < 400:
            assert (await crowd.call(row)).status_code == row.status, row.who


@pytest.mark.parametrize(("call", "row"), CHANGES, ids=[row.title for _, row in CHANGES])
async def test_who_may_change_something_can(crowd: Scene, call: Call, row: Row) -> None:
    await prepare(crowd, call)
    answer = await crowd.call(row)
    assert answer.status_code == row.status, answer.text


@pytest.mark.parametrize("call", GUARDED, ids=[call.call for call in GUARDED])
async def test_who_may_not_is_refused_whatever_is_sent(crowd: Scene, call: Call) -> None:
    for kind, body in REFUSED_BODIES.items():
        for row in call.rows():
            if row.status in {401, 403}:
                answer = await crowd.call(row._replace(body=body), **{"Idempotency-Key": ""})
                assert error_of(answer) == (row.status, row.answer), (kind, row.who)


@pytest.mark.parametrize(("call", "row"), FORGEABLE, ids=[row.title for _, row in FORGEABLE])
async def test_nobody_sets_what_is_not_theirs_to_set(crowd: Scene, call: Call, row: Row) -> None:
    await prepare(crowd, call)
    answer = await crowd.call(row._replace(body=forged(row.body)))
    assert answer.status_code == row.status, answer.text
    assert not {*FORGED.values()} & {*leaves(answer.json() if answer.content else None)}
    ada = (await crowd.call(Row("GET /users/{ada}", PROMOTED, None, 200, None))).json()["data"]
    assert ada["role"] == "user" or call.call == "PUT /users/{ada}"


def leaves(value: Any) -> Iterator[Any]:
    """Yield the values of a JSON document that are no objects and no lists."""
    if isinstance(value, dict):
        yield from leaves([*cast("dict[str, Any]", value).values()])
    elif isinstance(value, list):
        for part in cast("list[Any]", value):
            yield from leaves(part)
    else:
        yield value


def forged(value: Any) -> Any:
    """Return a body whose objects have fields more that only the service sets."""
    if isinstance(value, dict):
        fields = {name: forged(part) for name, part in cast("dict[str, Any]", value).items()}
        return FORGED | {"role": "admin"} | fields
    return [forged(part) for part in cast("list[Any]", value)] if isinstance(value, list) else value


@pytest.mark.parametrize("row", HIDDEN, ids=[row.title for row in HIDDEN])
async def test_anothers_is_refused_in_the_words_for_what_is_not_there(crowd: Scene, row: Row) -> None:
    body = row.body and json.loads(OWNED.sub("{nothing}", json.dumps(row.body)))
    nothing = row._replace(call=OWNED.sub("{nothing}", row.call), body=body)
    answers = [await crowd.call(each) for each in (row, nothing)]
    errors = [(answer.status_code, answer.json()["error"] | {"request_id": ""}) for answer in answers]
    assert row != nothing
    assert errors[0] == errors[1]


@pytest.mark.parametrize(("who", "number"), [(ADA, 1), (OTHER, 0), (MODERATOR, 0), (ADMIN, 1)])
@pytest.mark.parametrize("path", ["/orders", "/users/me/addresses"])
async def test_lists_have_ones_own_and_for_admins_all_orders(sales: Scene, path: str, who: str, number: int) -> None:
    expected = number if path == "/orders" or who == ADA else 0
    row = Row(f"GET {path}", who, None, 200, {"total_count": expected})
    sales.check(row, await sales.call(row))


# The table and the description


def without_policy(operations: Iterable[str]) -> set[str]:
    """Return the operations that the policy has no line for."""
    return {*operations} - {call.operation for call in CALLS}


def test_every_operation_has_its_line_in_the_policy() -> None:
    missing = without_policy(OPERATIONS)
    assert not missing, f"say in tests/contracts/api/policy.py who may call {', '.join(sorted(missing))}"


def test_an_operation_without_a_line_is_named() -> None:
    assert without_policy([*OPERATIONS, "GET /api/v1/secrets"]) == {"GET /api/v1/secrets"}


def test_what_the_description_leaves_out_is_open_to_all_and_only_read() -> None:
    left_out = [each for each in DECLARED if f"{each.method} {each.path}" not in OPERATIONS]
    assert [each.path for each in left_out if each.method != "GET" or each.inputs.guard] == []


@each_call
def test_the_description_says_who_may_call(call: Call) -> None:
    described = OPERATIONS[call.operation]
    assert {str(row.status) for row in call.rows()} <= {*described["responses"]}
    assert [*CALLERS] == [row.who for row in call.rows()]
    if call.policy.nobody == 401:
        assert {"bearer": []} in described["security"]
    if "?" not in call.call:
        assert (described["security"] == [{"bearer": []}]) == (call.policy.nobody == 401)
        assert ("403" in described["responses"]) == (call.policy == ADMINS) or {} in described["security"]
