"""What to do about a failed connection, by libpq's text, and about a refused statement, by SQLSTATE."""

LOOK = "Look at DATABASE_URL or DB_HOST and DB_PORT, and whether it runs there"

CONNECTION_ADVICE: tuple[tuple[str, str], ...] = (
    (
        "password authentication failed",
        (
            "Correct DB_PASSWORD, or the password in DATABASE_URL, where @ / ? # % are percent-encoded (@ is %40); "
            "a role that does not exist (DB_USER) gets the same answer"
        ),
    ),
    ("no password supplied", "Set DB_PASSWORD, or put the password into DATABASE_URL"),
    (
        "(?:Peer|Ident) authentication failed",
        (
            "The server lets this role in only from the system's user of that name: set DB_HOST=localhost and "
            "DB_PASSWORD, or correct DB_USER"
        ),
    ),
    ('database ".*" does not exist', "Create it by `angidi db create`, or correct DB_NAME or DATABASE_URL"),
    (
        'role ".*" does not exist',
        "Correct DB_USER or DATABASE_URL; `angidi db create` creates the role, together with its database",
    ),
    ("is not permitted to log in", "A superuser allows it (ALTER ROLE … LOGIN), or correct DB_USER or DATABASE_URL"),
    (
        "permission denied for database|does not have CONNECT privilege",
        "The database's owner grants it (GRANT CONNECT ON DATABASE … TO …), or correct DB_USER or DATABASE_URL",
    ),
    (
        r"no pg_hba\.conf entry.*no encryption",
        (
            "The server may require TLS: set DB_SSLMODE=require; else its pg_hba.conf needs a line for this host, "
            "role and database"
        ),
    ),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "The server's pg_hba.conf needs a line for this host, role and database",
    ),
    (
        "server does not support SSL",
        "Turn TLS on at the server (ssl = on), or set DB_SSLMODE=prefer, or sslmode in DATABASE_URL",
    ),
    (
        "root certificate file .* does not exist",
        (
            "DB_SSLMODE=verify-ca and verify-full need the authority's certificate: put sslrootcert=FILE, or "
            "sslrootcert=system, into DATABASE_URL"
        ),
    ),
    (
        "certificate verify failed",
        (
            "The server's certificate is not from the authority in sslrootcert: put the right sslrootcert=FILE into "
            "DATABASE_URL; DB_SSLMODE=require encrypts without proving who answers"
        ),
    ),
    (
        "does not match host name",
        "DB_HOST has to be a name in the server's certificate, or set DB_SSLMODE=verify-ca",
    ),
    (
        "invalid response|closed the connection unexpectedly|lost synchronization",
        "Perhaps another program than PostgreSQL answers there. Look at DB_PORT, or DATABASE_URL, and the server's log",
    ),
    ("SSL|certificate", "Look at DB_SSLMODE, at the server's certificate, and at sslrootcert in DATABASE_URL"),
    (
        "on socket .* No such file or directory",
        (
            "No server has its socket there. Is it up? DB_HOST, or host= in DATABASE_URL, is the socket's folder; "
            "DB_HOST=localhost connects by TCP"
        ),
    ),
    (
        "on socket .* Permission denied",
        "This user may not enter the socket's folder: run as another, or set DB_HOST=localhost, which connects by TCP",
    ),
    (
        "Connection refused",
        "Is the server up, and does it listen there? DB_HOST and DB_PORT, or DATABASE_URL, say where",
    ),
    (
        "could not translate host name|failed to resolve host",
        "Correct DB_HOST, or the host in DATABASE_URL",
    ),
    (
        "invalid .*value|invalid port number|bad value for|definition of service",
        "Correct that in DATABASE_URL, or the DB_ setting of that name",
    ),
    (
        "timeout expired|timed out|No route to host|is unreachable",
        "Look at DB_HOST and DB_PORT, or DATABASE_URL, and at the firewalls in between",
    ),
    (
        "too many clients|remaining connection slots|too many connections for",
        "Lower DB_MAX_CONNS, end other clients, or raise max_connections at the server",
    ),
    (
        "database system is|not yet accepting connections",
        "Try again in a moment; `angidi migrate wait` waits for it",
    ),
    (
        'database ".*" is not currently accepting connections',
        "A superuser allows them: ALTER DATABASE … ALLOW_CONNECTIONS true",
    ),
    (
        "unsupported startup parameter",
        "The pooler has to ignore it; PgBouncer: ignore_startup_parameters = options",
    ),
    (
        "session is (?:not )?read-only|hot standby mode",
        "The server is not of the kind that target_session_attrs in DATABASE_URL asks for: name another",
    ),
)
"""What to do about a failed connection, by a pattern in libpq's text; the first match counts."""

STATEMENT_ADVICE = {
    "25006": "The server is a standby, or read-only (default_transaction_read_only): name the primary in DATABASE_URL",
    "42501": "Grant the role that right: `angidi db roles` gives the role that serves all that it needs. Migrations "
    "and maintenance need the database's owner in DATABASE_DIRECT_URL (docs/database/SETUP.md, “Roles”)",
}
"""What to do about a refused statement, by SQLSTATE."""
