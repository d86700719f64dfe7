"""The database roles of the platform: what `angidi db roles` sets up, and what a role may do.

The owner migrates. `app` serves, `readonly` reads for people and reports, and `backup` dumps.
"""

from angidi.db.roles.checks import RoleCheck, check_serving_role, may_migrate
from angidi.db.roles.rights import PURPOSES, Purpose
from angidi.db.roles.setup import RoleSetup, SetupResult, grant_app, set_up_app

__all__ = [
    "PURPOSES",
    "Purpose",
    "RoleCheck",
    "RoleSetup",
    "SetupResult",
    "check_serving_role",
    "grant_app",
    "may_migrate",
    "set_up_app",
]
