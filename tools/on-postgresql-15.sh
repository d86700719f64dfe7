#!/bin/sh
# Run a command with DATABASE_URL set to a new PostgreSQL 15, which ends with it:  sh tools/on-postgresql-15.sh COMMAND…
# Where there is no PostgreSQL 15, say so and succeed.
set -eu

for binaries in /usr/lib/postgresql/15/bin /usr/pgsql-15/bin "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
    if [ -x "$binaries/initdb" ] && "$binaries/initdb" --version | grep -q ' 15\.'; then break; fi
    binaries=
done
if [ -z "$binaries" ]; then
    echo "skipped: there is no PostgreSQL 15 here"
    exit
fi

as_postgres() { # initdb and postgres refuse to run as root
    if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

finish() {
    as_postgres "$binaries/pg_ctl" --pgdata="$home/data" --mode=immediate --silent stop || true
    rm -rf "$home"
}

home=$(mktemp -d)
trap finish EXIT
trap 'exit 130' INT TERM
[ "$(id -u)" -ne 0 ] || chown postgres "$home"
as_postgres "$binaries/initdb" --pgdata="$home/data" --username=angidi --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync >/dev/null
as_postgres "$binaries/pg_ctl" --pgdata="$home/data" --log="$home/log" --wait --silent --options \
    "-k $home -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200" \
    start
DATABASE_URL="postgresql://angidi@/postgres?host=$home" "$@"
