"""The composition root: settings → database → services → application. It alone knows everything."""

import os
import secrets
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.routes import HTTPRoute
from starlette.types import ASGIApp

from angidi.categories import routes as categories_routes
from angidi.categories.service import CategoryService
from angidi.config import Settings
from angidi.db import Database, Pool, PoolSettings
from angidi.db.conninfo import DatabaseUrls
from angidi.http import health
from angidi.http.core import errors
from angidi.http.core.responses import JSONResponse
from angidi.http.middleware.compression import CompressionMiddleware
from angidi.http.middleware.cors import Cors
from angidi.http.middleware.limits import BodyLimitMiddleware, RateLimitMiddleware
from angidi.http.middleware.request_context import RequestContextMiddleware
from angidi.http.middleware.sliding_window import SlidingWindowCounter
from angidi.http.middleware.timeouts import TimeoutMiddleware
from angidi.http.middleware.uploads import UploadLimitMiddleware
from angidi.http.openapi import docs_page as docs
from angidi.http.routing.guards import Authenticator
from angidi.pagination.cursors import Cursors
from angidi.products import routes as products_routes
from angidi.products.service import ProductService
from angidi.security.passwords import Passwords
from angidi.security.tokens import Tokens
from angidi.telemetry.access_log import AccessLog, log_with_structlog
from angidi.telemetry.metrics import Metrics
from angidi.telemetry.statements import STATEMENTS
from angidi.users import routes as users_routes
from angidi.users.service import UserService

BASE_PATH = "/api/v1"
FEATURES = [*users_routes.HANDLERS, *categories_routes.HANDLERS, *products_routes.HANDLERS]
LARGE_BODIES = frozenset({f"{BASE_PATH}/products/bulk"})


@dataclass(frozen=True, slots=True)
class Services:
    """What the platform can do, by feature."""

    users: UserService
    categories: CategoryService
    products: ProductService


def open_database(settings: Settings, where: DatabaseUrls) -> Database:
    """Return the database, unopened, with this worker's share of the connections."""
    bounds = PoolSettings(
        min_conns=settings.db_min_conns,
        max_conns=settings.db_max_conns,
        max_lifetime=settings.db_max_conn_lifetime,
        max_idle_time=settings.db_max_conn_idle_time,
    ).share(settings.server_workers)
    replica = Pool(where.read, bounds) if where.read != where.main else None
    return Database(Pool(where.main, bounds), replica)


def build_tokens(settings: Settings) -> Tokens:
    """Return the maker of tokens, by the configured key or the one that development keeps."""
    secret, previous = _secrets(settings)
    return Tokens(
        secret,
        access=settings.jwt_access_token_duration,
        refresh=settings.jwt_refresh_token_duration,
        previous_secret=previous,
    )


def build_services(settings: Settings, database: Database, tokens: Tokens) -> Services:
    """Return the services over `database`."""
    cursors = Cursors(*_secrets(settings))
    categories = CategoryService(database, cursors)
    return Services(
        users=UserService(database, cursors, tokens, Passwords()),
        categories=categories,
        products=ProductService(database, cursors, categories),
    )


def build_app(settings: Settings, database: Database, access_log: AccessLog = log_with_structlog) -> ASGIApp:
    """Return the whole application; its lifespan opens and closes `database`."""
    tokens = build_tokens(settings)
    services = build_services(settings, database, tokens)
    metrics = Metrics(database.stats)
    authenticator = Authenticator(tokens, services.users.role_of)
    app: Any = _api(database, services, authenticator, metrics, settings.db_slow_statement)
    app = UploadLimitMiddleware(app, BodyLimitMiddleware(TimeoutMiddleware(app)), LARGE_BODIES, authenticator.admin)
    app = CompressionMiddleware(app)
    if settings.api_rate_limit:
        window = SlidingWindowCounter(settings.angidi_home / "rate-limit", settings.api_rate_limit)
        app = RateLimitMiddleware(app, window, settings.trusted_proxies)
    app = Cors(
        app,
        allow_origins=settings.cors_allowed_origins,
        allow_credentials=True,
        allow_methods=("GET", "POST", "PUT", "DELETE"),
        allow_headers=("Authorization", "Content-Type", "If-None-Match", "Prefer", "X-Request-ID"),
        expose_headers=("X-Request-ID", "Link", "ETag", "Retry-After"),
        max_age=600,
    )
    return RequestContextMiddleware(app, metrics, access_log)


def _api(
    database: Database,
    services: Services,
    authenticator: Authenticator,
    metrics: Metrics,
    slow_statement: timedelta,
) -> Litestar:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        STATEMENTS.reset(slow_statement)
        await database.open()
        try:
            yield
        finally:
            await database.close()
            STATEMENTS.reset()

    parts: dict[str, Any] = {
        "users": services.users,
        "categories": services.categories,
        "products": services.products,
        "probe": health.Probe(database),
        "metrics": metrics,
    }
    return Litestar(
        route_handlers=[*health.HANDLERS, *docs.handlers(FEATURES, BASE_PATH), _features()],
        dependencies={name: Provide(_always(part), sync_to_thread=False) for name, part in parts.items()},
        exception_handlers=errors.HANDLERS,
        response_class=JSONResponse,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        state=State({"authenticator": authenticator}),
        debug=False,
    )


def _features() -> Router:
    """Return the addresses of the features.

    A router takes in functions one by one, and the answer to OPTIONS that it makes for the first one at an address
    knows of no other. Those are taken out here: Litestar makes them anew, for whole addresses.
    """
    router = Router(BASE_PATH, route_handlers=FEATURES)
    for route in router.routes:
        if isinstance(route, HTTPRoute):
            route.route_handlers = [each for each in route.route_handlers if "OPTIONS" not in each.http_methods]
    return router


def _always(part: Any) -> Callable[[], Any]:
    return lambda: part


def _secrets(settings: Settings) -> tuple[str, str | None]:
    """Return the key that signs, and the one before it where that is still accepted."""
    previous = settings.jwt_previous_secret
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else _kept_secret(settings.angidi_home)
    return secret, previous.get_secret_value() if previous else None


def _kept_secret(home: Path) -> str:
    """Return the signing key that development keeps in `home`: made once, shared by all workers and restarts.

    Nobody else can read it at any time: a temporary file is made with mode 0600.
    """
    path = home / "jwt-secret"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=home, prefix="jwt-secret.", encoding="ascii") as draft:
            draft.write(secrets.token_hex(32))
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text(encoding="ascii")
