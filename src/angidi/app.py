"""The composition root: settings → database → services → application. It alone knows everything."""

import os
import secrets
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from starlette.routing import Router as StarletteRouter
from starlette.types import ASGIApp

from angidi import signing_keys
from angidi.categories import routes as categories_routes
from angidi.categories.service import CategoryService
from angidi.config import ConfigError, Settings
from angidi.db import Database, Pool, PoolSettings
from angidi.db.admission import AdmissionQueue
from angidi.db.admission.lanes import lane_size
from angidi.db.conninfo import DatabaseUrls
from angidi.http import health, metrics_page
from angidi.http.gateway import Gateway, Policies
from angidi.http.middleware.cors import Cors
from angidi.http.middleware.limits import ClientAddresses, RateLimit
from angidi.http.middleware.request_log import RequestLog
from angidi.http.middleware.sliding_window import SIZE, SlidingWindowCounter
from angidi.http.openapi import docs_page
from angidi.http.openapi.generator import describe
from angidi.http.routing.guards import Authenticator
from angidi.http.routing.handlers import compile_operation
from angidi.http.routing.preconditions import Preconditions
from angidi.http.routing.router import Router
from angidi.http.routing.routes import Operation
from angidi.idempotency.service import Idempotency
from angidi.orders import routes as orders_routes
from angidi.orders.reservations import routes as reservations_routes
from angidi.orders.reservations.service import ReservationService
from angidi.orders.service import WAITING_PER_CONNECTION, OrderService
from angidi.pagination.cursors import Cursors
from angidi.products import routes as products_routes
from angidi.products.imports.service import ProductImportService
from angidi.products.service import ProductService
from angidi.products.stock import routes as stock_routes
from angidi.products.stock.service import StockService
from angidi.security.passwords import Passwords
from angidi.security.tokens import Tokens
from angidi.shared_memory import join_memory
from angidi.telemetry.access_log import AccessLog, discard, log_with_structlog
from angidi.telemetry.metrics import Metrics
from angidi.telemetry.statements import STATEMENTS
from angidi.users import routes as users_routes
from angidi.users.addresses import routes as addresses_routes
from angidi.users.addresses.service import AddressService
from angidi.users.passwords import routes as passwords_routes
from angidi.users.passwords.service import PasswordService
from angidi.users.profiles import routes as profiles_routes
from angidi.users.profiles.service import ProfileService
from angidi.users.service import UserService
from angidi.users.sessions import routes as sessions_routes
from angidi.users.sessions.service import SessionService
from angidi.users.throttle.service import LoginThrottle

BASE_PATH = "/api/v1"
RATE_LIMIT_MEMORY = "ANGIDI_RATE_LIMIT_MEMORY"
"""Environment variable with the path of the memory in which the workers of a server count requests."""

OPERATIONS = [
    *health.routes.below(""),
    *docs_page.routes.below(""),
    *users_routes.routes.below(BASE_PATH),
    *sessions_routes.routes.below(BASE_PATH),
    *passwords_routes.routes.below(BASE_PATH),
    *profiles_routes.routes.below(BASE_PATH),
    *addresses_routes.routes.below(BASE_PATH),
    *categories_routes.routes.below(BASE_PATH),
    *products_routes.routes.below(BASE_PATH),
    *stock_routes.routes.below(BASE_PATH),
    *orders_routes.routes.below(BASE_PATH),
    *reservations_routes.routes.below(BASE_PATH),
]
"""All operations of the API."""

MANAGEMENT_OPERATIONS = [*health.routes.below(""), *metrics_page.routes.below("")]
"""All operations of the management port."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services, by feature."""

    users: UserService
    sessions: SessionService
    throttle: LoginThrottle
    passwords: PasswordService
    profiles: ProfileService
    addresses: AddressService
    categories: CategoryService
    products: ProductService
    product_imports: ProductImportService
    stock: StockService
    orders: OrderService
    reservations: ReservationService
    idempotency: Idempotency


def open_database(settings: Settings, where: DatabaseUrls) -> Database:
    """Return the database, unopened, with this worker's share of the connections."""
    bounds = _pool_settings(settings)
    replica = Pool(where.read, bounds) if where.read != where.main else None
    return Database(Pool(where.main, bounds), replica, lane_size(bounds.max_conns))


def _pool_settings(settings: Settings) -> PoolSettings:
    """Return this worker's share of the connections."""
    return PoolSettings(
        min_conns=settings.db_min_conns,
        max_conns=settings.db_max_conns,
        max_lifetime=settings.db_max_conn_lifetime,
        max_idle_time=settings.db_max_conn_idle_time,
    ).share(settings.server_workers)


def build_tokens(settings: Settings) -> Tokens:
    """Return `Tokens` with the configured key, or the one that development keeps in the home."""
    secret, previous = _secrets(settings)
    return Tokens(
        secret,
        access=settings.jwt_access_token_duration,
        refresh=settings.jwt_refresh_token_duration,
        previous_secret=previous,
    )


def signing_key(settings: Settings) -> str:
    """Return the configured key, or the one that development keeps in the home. Raises `ConfigError` without either."""
    try:
        return _secrets(settings)[0]
    except OSError as error:
        raise ConfigError(
            f"ANGIDI_HOME: {settings.angidi_home} cannot be written ({error.strerror}); example: "
            "ANGIDI_HOME=/var/lib/angidi"
        ) from None


def build_services(settings: Settings, database: Database, tokens: Tokens) -> Services:
    """Return the services over `database`."""
    keys = _secrets(settings)
    cursors = Cursors(*keys)
    passwords = Passwords(rehash=settings.password_rehash)
    throttle = LoginThrottle(database, passwords, *keys)
    idempotency = Idempotency(database)
    categories = CategoryService(database, cursors, idempotency)
    sessions = SessionService(database, tokens, reuse=settings.jwt_refresh_reuse == "allow")
    most = _pool_settings(settings).max_conns
    queue = AdmissionQueue(most, most * (1 + WAITING_PER_CONNECTION))
    return Services(
        users=UserService(database, cursors, sessions, passwords, throttle),
        sessions=sessions,
        throttle=throttle,
        passwords=PasswordService(database, passwords, throttle),
        profiles=ProfileService(database),
        addresses=AddressService(database, cursors),
        categories=categories,
        products=ProductService(database, cursors, categories, idempotency),
        product_imports=ProductImportService(database, categories),
        stock=StockService(database, cursors, idempotency),
        orders=OrderService(database, cursors, idempotency, queue, settings.currency),
        reservations=ReservationService(database, idempotency),
        idempotency=idempotency,
    )


def _do_nothing() -> None:
    """Do nothing."""


def build_app(
    settings: Settings,
    database: Database,
    access_log: AccessLog = log_with_structlog,
    started: Callable[[], None] = _do_nothing,
) -> Gateway:
    """Return the whole application; its lifespan opens `database`, calls `started`, and closes `database`."""
    tokens = build_tokens(settings)
    services = build_services(settings, database, tokens)
    metrics = Metrics(database.stats)
    clients = ClientAddresses(settings.trusted_proxies)
    given: dict[Any, Any] = {
        **{feature.type: getattr(services, feature.name) for feature in fields(services)},
        Authenticator: Authenticator(tokens, services.sessions.role_of, services.sessions.user_of),
        health.Probe: health.Probe(database),
        ClientAddresses: clients,
        Preconditions: Preconditions(are_required=settings.require_if_match),
        docs_page.Description: docs_page.Description(msgspec.json.encode(describe(OPERATIONS))),
    }
    policies = Policies(Cors(settings.cors_allowed_origins), _rate_limit(settings, clients))
    lifespan = _lifespan(database, settings.db_slow_statement, started)
    return Gateway(_router(OPERATIONS, given), lifespan, policies, RequestLog(metrics, access_log))


def build_management(database: Database, metrics: Metrics, hosts: frozenset[bytes] = frozenset()) -> Gateway:
    """Return the application of the management port, to be called by the names `hosts`, or without them by any.

    Its lifespan opens and closes `database`.
    """
    given: dict[Any, Any] = {health.Probe: health.Probe(database), Metrics: metrics}
    log = RequestLog(metrics, discard)
    return Gateway(_router(MANAGEMENT_OPERATIONS, given), _lifespan(database), Policies(Cors(()), hosts=hosts), log)


def _router(operations: Sequence[Operation], given: dict[Any, Any]) -> Router:
    return Router((operation.method, compile_operation(operation, given)) for operation in operations)


def share_rate_limit(settings: Settings) -> None:
    """Have processes that are started from now on count requests together, if there is memory for it.

    Servers of one home, on different ports, count together, too.
    """
    with suppress(OSError):
        note = settings.angidi_home / "rate-limit"
        if settings.api_rate_limit and (memory := join_memory("angidi-rate-limit", SIZE, note)):
            os.environ[RATE_LIMIT_MEMORY] = memory


def _rate_limit(settings: Settings, clients: ClientAddresses) -> RateLimit | None:
    if not settings.api_rate_limit:
        return None
    return RateLimit(_counter(settings.api_rate_limit), clients)


def _counter(limit: int) -> SlidingWindowCounter:
    """Return the counter that the workers share, or one of this process where that cannot be opened."""
    try:
        return SlidingWindowCounter(limit, os.environ.get(RATE_LIMIT_MEMORY))
    except OSError:
        return SlidingWindowCounter(limit)


def _lifespan(
    database: Database, slow_statement: timedelta = timedelta(), started: Callable[[], None] = _do_nothing
) -> ASGIApp:
    """Return the application that serves the lifespan and closes WebSockets."""

    @asynccontextmanager
    async def opened(_: Any) -> AsyncGenerator[None]:
        STATEMENTS.reset(slow_statement)
        await database.open(must_answer=False)  # a worker that is started in an outage must not end with it
        started()
        try:
            yield
        finally:
            await database.close()
            STATEMENTS.reset()

    return StarletteRouter(lifespan=opened)


def _secrets(settings: Settings) -> tuple[str, str | None]:
    """Return the signing key, and the previous one if it is still accepted."""
    previous = settings.jwt_previous_secret
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else _kept_secret(settings.angidi_home)
    return secret, previous.get_secret_value() if previous else None


def _kept_secret(home: Path) -> str:
    """Return the signing key that development keeps in `home`: made once, shared by all workers and restarts.

    Nobody else can read it at any time: a temporary file is made with mode 0600. Raises `ConfigError` for a file that
    holds no such key.
    """
    path = home / "jwt-secret"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=home, prefix="jwt-secret.", encoding="ascii") as draft:
            draft.write(secrets.token_hex(32))
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):
                os.link(draft.name, path)
    key = path.read_text(encoding="ascii", errors="replace")
    if signing_keys.is_short(key) or not key.isprintable() or not key.isascii():  # with an empty one anybody could sign
        raise ConfigError(f"ANGIDI_HOME: {path} is damaged; delete it for a new key, and everybody logs in again")
    return key
