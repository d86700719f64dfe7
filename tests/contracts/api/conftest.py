"""The scene of the contract's rows."""

import pytest
from tests.contracts.api.rows import Scene, make_scene
from tests.support.api import Api


@pytest.fixture
async def scene(api: Api) -> Scene:
    return await make_scene(api)
