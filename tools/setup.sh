#!/bin/sh
# Make .venv from a lock, once:  sh tools/setup.sh runtime|dev   (PYTHON names the interpreter, if given)
#
# A stamp holds what decides the result: lock, package metadata, place. It is written last, so that an interrupted
# set-up is taken up again by the next call. The development lock holds the runtime lock, so its stamp serves both.
set -eu
cd "$(dirname "$0")/.."
lock=$1
here=$(pwd -P)
oldest=3.11

fail() {
    echo "error: $1" >&2
    exit 1
}

wanted() {
    echo "$here"
    cksum <"requirements/$1.txt"
    sed -n '/^\[build-system\]/,/^\[dependency-groups\]/p' pyproject.toml | cksum
}

is_done() {
    [ -f ".venv/.$1-installed" ] && [ "$(cat ".venv/.$1-installed")" = "$(wanted "$1")" ] && .venv/bin/python -c ''
}

is_asked_for() { # whether .venv has the interpreter that PYTHON names, if it names one
    [ -z "${PYTHON:-}" ] || [ "$(version "$PYTHON")" = "$(version .venv/bin/python)" ]
}

version() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none
}

is_recent() {
    "$1" -c "import sys; sys.exit(sys.version_info[:2] < (${oldest%.*}, ${oldest#*.}))" 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_recent "$PYTHON" || fail "Python $oldest or later is needed, and PYTHON=$PYTHON is $(version "$PYTHON")"
        echo "$PYTHON"
        return
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if is_recent "$name"; then
            echo "$name"
            return
        fi
    done
    fail "Python $oldest or later is needed, and python3 is $(version python3): install it, or name it with PYTHON=/path/to/python$oldest"
}

is_usable() { # whether .venv is complete, was made in this folder (its programs hold the path), and may stay
    .venv/bin/python -m pip --version >/dev/null 2>&1 && grep -qF "$here/.venv/bin/" .venv/bin/pip && is_asked_for
}

make_venv() {
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python lacks the module venv: install it (on Debian and Ubuntu: apt-get install python$(version "$python")-venv)"
    echo "Making .venv with $python ($(version "$python"))" >&2
    "$python" -m venv --clear .venv || fail "the virtual environment could not be made; see above"
}

install() {
    .venv/bin/python -m pip --disable-pip-version-check --quiet install "$@" ||
        fail "not everything could be installed (see above); the next call takes it up again"
}

is_done dev && is_asked_for && exit
is_done "$lock" && is_asked_for && exit
if command -v flock >/dev/null; then # two first calls at once: one waits, and finds it done
    exec 9<pyproject.toml
    flock 9
    is_done "$lock" && is_asked_for && exit
fi
is_usable || make_venv
echo "Installing requirements/$lock.txt into .venv, once" >&2
install --require-hashes --requirement "requirements/$lock.txt"
install --no-deps --no-build-isolation --editable .
wanted "$lock" >".venv/.$lock-installed"
