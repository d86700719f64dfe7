"""The first admin, made from the settings at the first start."""

import pytest
from tests.support.api import Api
from tests.support.shop import PASSWORD

from angidi.db.rows import execute
from angidi.users.errors import EmailTaken
from angidi.users.models import NewUser

WISHED = NewUser("root@shop.example", PASSWORD, "System Administrator")


async def test_it_is_made_where_there_is_none(api: Api) -> None:
    made = await api.services.users.ensure_admin(WISHED)
    assert made is not None
    assert (made.email, made.role) == ("root@shop.example", "admin")


async def test_nothing_happens_where_there_is_one(api: Api) -> None:
    await api.make_admin()
    assert await api.services.users.ensure_admin(WISHED) is None


async def test_a_deleted_admin_does_not_count(api: Api) -> None:
    await api.make_admin()
    await api.database.write(execute, "UPDATE users SET deleted_at = now()")
    assert await api.services.users.ensure_admin(WISHED) is not None


async def test_an_ordinary_user_with_the_address_is_never_promoted(api: Api) -> None:
    user = await api.make_user("ROOT@shop.example")
    with pytest.raises(EmailTaken, match=r"root@shop\.example belongs to an ordinary user"):
        await api.services.users.ensure_admin(WISHED)
    assert (await api.services.users.get(user.id)).role == "user"
