"""The role that serves from the embedded server."""

from pathlib import Path

from angidi.cli.context import locate_database
from angidi.cli.db.schema import prepare_schema
from angidi.config import Settings
from angidi.db.conninfo import parse_conninfo
from angidi.db.roles import RoleCheck, check_serving_role, grant_app


def test_it_has_the_rights_of_the_app_and_no_more(tmp_path: Path) -> None:
    settings = Settings(angidi_home=tmp_path, db_name="shop")
    with locate_database(settings, create=True) as where:
        prepare_schema(where.direct, migrate=False)
        app = parse_conninfo(where.main)["user"]
        assert app == "shop_app"
        grant_app(where.direct, app)
        assert check_serving_role(where.main) == RoleCheck([], [])
    with locate_database(settings) as again:
        assert check_serving_role(again.main) == RoleCheck([], [])
