"""Rules about several settings, and about production."""

import re

from angidi import signing_keys
from angidi.config.settings import Settings
from angidi.config.values import ENCRYPTED


def violations(settings: Settings) -> list[str]:
    """Return a line for each violated rule about several settings."""
    problems: list[str] = []
    if settings.db_min_conns > settings.db_max_conns:
        problems.append("DB_MIN_CONNS: is above DB_MAX_CONNS; example: DB_MIN_CONNS=5")
    if settings.server_workers > settings.db_max_conns:
        problems.append("SERVER_WORKERS: is above DB_MAX_CONNS, so a worker would have none; example: SERVER_WORKERS=2")
    if settings.admin_password and len(settings.admin_password.get_secret_value()) < 12:  # noqa: PLR2004 - the contract
        problems.append(
            "ADMIN_PASSWORD: is shorter than 12 characters; example: ADMIN_PASSWORD='a long phrase of yours'"
        )
    if bool(settings.admin_email) != bool(settings.admin_password):
        problems.append("ADMIN_EMAIL: goes together with ADMIN_PASSWORD; example: ADMIN_EMAIL=admin@shop.example")
    if settings.jwt_secret and signing_keys.is_short(settings.jwt_secret.get_secret_value()):
        problems.append(
            f"JWT_SECRET: is shorter than {signing_keys.MINIMUM_SIZE} bytes; example: "
            "JWT_SECRET=$(openssl rand -hex 32); the former key goes into JWT_PREVIOUS_SECRET, "
            "whatever its length, and its tokens stay valid"
        )
    problems += [
        f"{name}: is a URL or holds a password, which messages would show: a URL goes into DATABASE_URL; "
        f"example: {name}={example}"
        for name, value, example in (
            ("DB_HOST", settings.db_host, "db.example"),
            ("DB_NAME", settings.db_name, "angidi"),
            ("DB_USER", settings.db_user, "angidi_user"),
            ("SERVER_HOST", settings.server_host, "localhost"),
        )
        if value and holds_password(value)
    ]
    return problems + (_production_rules(settings) if settings.production else [])


def holds_password(value: str) -> bool:
    """Tell whether a setting that is shown as it stands seems to hold a URL or a connection string."""
    return bool(re.search(r"://|password\s*=|:.*@", value, re.IGNORECASE))


def setting_warnings(settings: Settings) -> list[str]:
    """Return a line for each setting that is accepted and ought to change."""
    previous = settings.jwt_previous_secret
    if previous is None or not signing_keys.is_weak(key := previous.get_secret_value()):
        return []
    line = (
        f"JWT_PREVIOUS_SECRET: is weak ({signing_keys.size(key)} bytes), and whoever guesses it logs in as anybody: "
        "take it out when the last token signed with it has expired, JWT_REFRESH_TOKEN_DURATION after the change"
    )
    return [line]


def _production_rules(settings: Settings) -> list[str]:
    problems: list[str] = []
    if settings.jwt_secret is None or signing_keys.is_default(settings.jwt_secret.get_secret_value()):
        problems.append("JWT_SECRET: production needs one of its own; example: JWT_SECRET=$(openssl rand -hex 32)")
    if settings.jwt_previous_secret and signing_keys.is_published(settings.jwt_previous_secret.get_secret_value()):
        problems.append(
            "JWT_PREVIOUS_SECRET: production takes no key that stood in an example, since anybody can sign with it; "
            "leave it out, and everybody logs in again"
        )
    if settings.embedded:
        problems.append("DB_HOST: production needs a server, not the embedded one; example: DB_HOST=db.example")
    if "*" in settings.cors_allowed_origins:
        problems.append("CORS_ALLOWED_ORIGINS: production names its origins; example: https://shop.example")
    if settings.database_url is None and settings.db_sslmode not in ENCRYPTED:
        problems.append("DB_SSLMODE: production wants an encrypted connection; example: DB_SSLMODE=verify-full")
    return problems
