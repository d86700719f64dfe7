#!/bin/sh
# Ask for known weaknesses of what the development lock pins, which holds the runtime lock.
#
# AUDIT=strict (as in the workflow): whatever cannot be looked up is a failure. Otherwise a machine from which the
# sources are out of reach says so and passes; a weakness that was found is a failure everywhere.
set -u
cd "$(dirname "$0")/.."

report=$(.venv/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements/dev.txt \
    --progress-spinner off --timeout 10 2>&1)
status=$?
if [ $status -eq 0 ]; then
    echo "pip-audit: no known weakness"
elif [ "${AUDIT:-}" = strict ] || echo "$report" | grep -q '^Found [0-9]* known vulnerabilit'; then
    echo "$report"
    exit 1
else
    echo "pip-audit: skipped, its sources are out of reach from here"
fi
