"""The API as it follows the former service: with that one's key as the previous one."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from angidi.config import Settings
from angidi.db import Database
from tests.former.tokens import FORMER_KEY
from tests.support.api import Api, api_over


@pytest.fixture
async def successor(settings: Settings, db: Database) -> AsyncIterator[Api]:
    """The API over `db`; the former service's tokens hold."""
    async with api_over(settings.model_copy(update={"jwt_previous_secret": SecretStr(FORMER_KEY)}), db) as api:
        yield api
