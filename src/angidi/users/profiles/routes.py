"""The routes of profiles."""

from angidi.http.routing.guards import Account
from angidi.http.routing.inputs import Body, IfMatch
from angidi.http.routing.routes import Routes
from angidi.users.errors import UserNotFound
from angidi.users.profiles.models import Profile, ProfileChanges
from angidi.users.profiles.service import ProfileService

routes = Routes("Profile", "How to reach the person of the account.")


@routes.get("/users/me/profile", errors=(UserNotFound,))
async def show_profile(account: Account, profiles: ProfileService) -> Profile:
    """Show your profile.

    One that was never written has empty fields and version 0; its `ETag` is good for the first `PUT`.
    """
    return await profiles.get(account.id)


@routes.put("/users/me/profile", errors=(UserNotFound,))
async def change_profile(
    account: Account, known: IfMatch, changes: Body[ProfileChanges], profiles: ProfileService
) -> Profile:
    """Change your profile.

    What is absent stays as it was; `null` and an empty text clear a field.
    """
    return await profiles.change(account.id, changes, known)
