#!/bin/sh
# Attack the API over its socket: schemathesis on the whole description, sqlmap on its parameters (tests/attacks).
#
# EXAMPLES=<n> is how many requests schemathesis makes of each operation, and SQLMAP=all has sqlmap attack every parameter.
# sqlmap is installed by its lock into .venv/sqlmap. Where no package index answers, its tests are skipped by name.
set -u
cd "$(dirname "$0")/.."

if ! cmp -s requirements/attacks.txt .venv/sqlmap/lock; then
    rm -rf .venv/sqlmap
    if .venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps \
        --target .venv/sqlmap --requirement requirements/attacks.txt; then
        cp requirements/attacks.txt .venv/sqlmap/lock
    else
        rm -rf .venv/sqlmap
        echo "sqlmap cannot be installed from here: its tests are skipped"
    fi
fi
ATTACK_EXAMPLES=${EXAMPLES:-3} ATTACK_SQLMAP=${SQLMAP:-few} exec .venv/bin/python tools/suite.py --quiet -m attack -rPs \
    --timeout 0 tests/attacks
