"""Random folders of migrations: gaps, missing directions, duplicates, files that fail in every way."""

import random
from pathlib import Path

_UP = [
    "CREATE TABLE t{n} (id int);",
    "CREATE TABLE t{n} (id int);",
    "CREATE TABLE t{n} (id int PRIMARY KEY, name text);\nCREATE INDEX i{n} ON t{n} (name);\n",
    "-- makes t{n}; really\nCREATE TABLE t{n} (id int) /* ; */;\nCOMMENT ON TABLE t{n} IS 'a; b';",
    "CREATE FUNCTION f{n}() RETURNS int LANGUAGE plpgsql AS $x$ BEGIN RETURN {n}; END; $x$;",
    "BEGIN;\nCREATE TABLE t{n} (id int);\nCOMMIT;\n",
    "CREATE TABLE IF NOT EXISTS shared (id int);",
    "DO $$ BEGIN RAISE NOTICE 'hello; there'; END $$;\r\nCREATE TABLE t{n} (id int);\r\n",
    "CREATE TABLE t{n} AS SELECT 1 AS one;\nSELECT one FROM t{n}",
    "SET search_path TO public; CREATE VIEW v{n} AS SELECT {n} AS n;",
    "",
    " \n\t",
    "-- only words",
]
_FAILING = [
    "CREATE TABLE t{n} (id int);\nCREATE TABLEE u{n} (id int);\n",
    "CREATE TABLE t{n} (id int);\r\nINSERT INTO nowhere VALUES (1);\r\n",
    "CREATE TABLE t{n} (id int);\nSELECT 1/0;\n",
    "BEGIN;\nCREATE TABLE t{n} (id int);\nSELECT 1/0;\nCOMMIT;\n",
    "CREATE TABLE u{n} (id int UNIQUE);\nINSERT INTO u{n} VALUES (1), (1);",
    "SELECT (",
    "BEGIN;\nCREATE TABLE t{n} (id int);\n",
    "\ufeffSELECT 1;",
]
_MULTI = [
    "CREATE TABLE t{n} (id int);\nCREATE INDEX CONCURRENTLY i{n} ON t{n} (id);\nVACUUM t{n};",
    "CREATE TABLE t{n} (id int); CREATE TABLE u{n} (id int);",
]
_DOWN = [
    "DROP TABLE IF EXISTS t{n}; DROP FUNCTION IF EXISTS f{n}(); DROP VIEW IF EXISTS v{n};",
    "DROP TABLE t{n};",
    "BEGIN; DROP TABLE IF EXISTS t{n}; COMMIT;",
]


def generate(folder: Path, seed: int) -> str:
    """Fill the folder; return what the database's URL needs in addition."""
    choose = random.Random(f"folder {seed}")
    multi = seed % 6 == 5
    for version in sorted(choose.sample(range(20), choose.randint(3, 8))):
        up, down = choose.random() < 0.9, choose.random() < 0.8
        number = f"{version:0{choose.choice([1, 1, 3, 6])}}"
        if up or not down:
            bodies = _MULTI if multi else _FAILING if choose.random() < 0.15 else _UP
            _write(folder / f"{number}_step{version}.up.sql", choose.choice(bodies), version)
        if down:
            _write(folder / f"{number}_step{version}.down.sql", choose.choice(_DOWN), version)
    if seed % 10 == 9:
        twin = min(folder.iterdir())
        (folder / f"0000{twin.name}").write_bytes(twin.read_bytes())
    (folder / "README.md").write_text("not a migration")
    return "sslmode=disable" + ("&x-multi-statement=true" if multi else "")


def _write(path: Path, body: str, version: int) -> None:
    path.write_bytes(body.replace("{n}", str(version)).encode())


def commands(seed: int, count: int) -> list[tuple[str, ...]]:
    """Return a random sequence of commands."""
    choose = random.Random(f"commands {seed}")
    kinds = ["up", "up n", "down n", "goto", "version", "force", "down all", "drop"]
    kinds = choose.choices(kinds, weights=[5, 6, 5, 4, 2, 3, 1, 1], k=count)
    return [_command(kind, choose) for kind in kinds]


def _command(kind: str, choose: random.Random) -> tuple[str, ...]:
    match kind:
        case "up n" | "down n":
            return (kind[:-2], str(choose.randint(0, 3)))
        case "goto":
            return ("goto", str(choose.randint(0, 20)))
        case "force":
            return ("force", "--", str(choose.randint(-1, 20)))
        case "down all":
            return ("down", "-all")
        case "drop":
            return ("drop", "-f")
        case _:
            return (kind,)
