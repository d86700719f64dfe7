"""The scene of the contract's rows."""

import pytest
from tests.contracts.api.rows import ADA, ITEMS, MODERATOR, OTHER, Row, Scene, make_scene
from tests.support.api import Api
from tests.support.shop import ADDRESS


@pytest.fixture
async def scene(api: Api) -> Scene:
    return await make_scene(api)


@pytest.fixture
async def sales(api: Api, scene: Scene) -> Scene:
    return await with_sales(api, scene)


async def with_sales(api: Api, scene: Scene) -> Scene:
    """Return the scene with a moderator, another user, and an address, a reservation and an order of Ada's."""
    other, moderator = [await api.make_user(f"{role}@shop.example", role=role) for role in ("user", "moderator")]
    names = {
        "address": await scene.id_of(Row("POST /users/me/addresses", ADA, ADDRESS, 201, None)),
        "reservation": await scene.id_of(Row("POST /reservations", ADA, ITEMS, 201, None)),
        "order": await scene.id_of(Row("POST /orders", ADA, ITEMS | {"shipping_address": ADDRESS}, 201, None)),
    }
    return scene.with_(names, {OTHER: api.as_(other), MODERATOR: api.as_(moderator)})
