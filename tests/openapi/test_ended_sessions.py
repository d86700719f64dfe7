"""Every operation that needs a token refuses one of a session that has ended, whatever its own statements are."""

import pytest

from tests.openapi.support import Documented, filled_in, operations
from tests.support.api import Api, error_of

PROTECTED = [operation for operation in operations() if operation.role]


@pytest.mark.parametrize("operation", PROTECTED, ids=lambda operation: operation.label)
@pytest.mark.parametrize("is_former", [False, True], ids=["session", "former"])
async def test_a_token_of_an_ended_session_is_refused(api: Api, operation: Documented, *, is_former: bool) -> None:
    admin = await api.make_admin()
    access = api.as_(admin)["Authorization"] if is_former else f"Bearer {(await api.log_in(admin.id)).access_token}"
    await api.services.sessions.end_all(admin.id)
    request = filled_in(operation)
    request["headers"] |= {"Authorization": access}
    assert error_of(await api.request(**request)) == (401, "INVALID_TOKEN")
