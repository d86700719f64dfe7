"""The routes of sessions."""

from angidi.http.routing.guards import Account
from angidi.http.routing.inputs import Body
from angidi.http.routing.routes import Routes
from angidi.security.tokens import TokenInvalid
from angidi.users.models import RefreshRequest, TokenPair
from angidi.users.sessions.models import Logout
from angidi.users.sessions.service import SessionService

routes = Routes("Sessions", "Log-ins: how they go on, and how they end.")


@routes.post("/users/refresh-token", status=200, errors=(TokenInvalid,))
async def refresh_token(body: Body[RefreshRequest], sessions: SessionService) -> TokenPair:
    """Exchange a refresh token for new tokens.

    Use the new refresh token from then on. The former one gives the same answer for ten seconds more; if it comes
    later, somebody has copied it, and the session ends.
    To try it out here, replace the example with the `refresh_token` of a log-in.
    """
    return await sessions.refresh(body.refresh_token)


@routes.post("/users/logout", status=204, errors=(TokenInvalid,))
async def log_out(account: Account, body: Body[Logout], sessions: SessionService) -> None:
    """Log out.

    The session of `refresh_token` ends, or without one that of the request: all its tokens are refused at once.
    """
    await sessions.end(account, body.refresh_token)


@routes.post("/users/me/logout-all", status=204)
async def log_out_everywhere(account: Account, sessions: SessionService) -> None:
    """Log out everywhere.

    Every session of the account ends, this one included.
    """
    await sessions.end_all(account.id)
