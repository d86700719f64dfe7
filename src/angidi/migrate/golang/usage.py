"""The drop-in command's flags and help texts."""

from .flags import Flag
from .times import TIME_FORMAT

CREATE = """create [-ext E] [-dir D] [-seq] [-digits N] [-format] [-tz] NAME
\t   Create a set of timestamped up/down migrations titled NAME, in directory D with extension E.
\t   Use -seq option to generate sequential up/down migrations with N digits.
\t   Use -format option to specify a Go time format string. Note: migrations with the same time cause \
"duplicate migration version" error.
           Use -tz option to specify the timezone that will be used when generating non-sequential \
migrations (defaults: UTC).
"""
GOTO = "goto V       Migrate to version V"
UP = "up [N]       Apply all or N up migrations"
DOWN = "down [N] [-all]    Apply all or N down migrations\n\tUse -all to apply all down migrations"
DROP = "drop [-f]    Drop everything inside database\n\tUse -f to bypass confirmation"
FORCE = "force V      Set version V but don't run migration (ignores dirty state)"
VERSION = "version      Print current migration version"

USAGE = f"""Usage: migrate OPTIONS COMMAND [arg...]
       migrate [ -version | -help ]

Options:
  -source          Location of the migrations (driver://url)
  -path            Shorthand for -source=file://path
  -database        Run migrations against this database (driver://url)
  -prefetch N      Number of migrations to load in advance before executing (default 10)
  -lock-timeout N  Allow N seconds to acquire database lock (default 15)
  -verbose         Print verbose logging
  -version         Print version
  -help            Print usage
  -strict-compat   Do exactly as golang-migrate does (also: MIGRATE_STRICT_COMPAT=1)
  -allow-missed    Apply files that came below the current version after it was applied
  -require-down    Refuse to go down over a version without a down file

Commands:
  {CREATE}
  {GOTO}
  {UP}
  {DOWN}
  {DROP}
  {FORCE}
  {VERSION}

Source drivers: file
Database drivers: pgx, pgx4, pgx5, postgres, postgresql
"""

HELP = Flag("help", usage="Print help information")

GLOBAL = [
    Flag("help"), Flag("version"), Flag("verbose"),
    Flag("prefetch", 10, kind="uint"), Flag("lock-timeout", 15, kind="uint"),
    Flag("path", "", kind="string"), Flag("database", "", kind="string"), Flag("source", "", kind="string"),
    Flag("strict-compat"), Flag("allow-missed"), Flag("require-down"),
]  # fmt: skip

_FORMAT = (
    'The Go time format string to use. If the string "unix" or "unixNano" is specified, then the seconds or '
    "nanoseconds since January 1, 1970 UTC respectively will be used. Caution, due to the behavior of "
    "time.Time.Format(), invalid format strings will not error"
)

_ZONE = "The timezone that will be used for generating timestamps (default: utc)"

COMMANDS: dict[str, tuple[str, list[Flag]]] = {
    "create": (CREATE, [
        Flag("ext", "", "File extension", "string"),
        Flag("dir", "", "Directory to place file in (default: current working directory)", "string"),
        Flag("format", TIME_FORMAT, _FORMAT, "string"),
        Flag("tz", "UTC", _ZONE, "string"),
        Flag("seq", usage="Use sequential numbers instead of timestamps (default: false)"),
        Flag("digits", 6, "The number of digits to use in sequences (default: 6)", "int"),
        HELP,
    ]),
    "goto": (GOTO, [HELP]),
    "up": (UP, [HELP]),
    "down": (DOWN, [Flag("all", usage="Apply all down migrations"), HELP]),
    "drop": (DROP, [
        Flag("f", usage="Force the drop command by bypassing the confirmation prompt"), HELP,
    ]),
    "force": (FORCE, [HELP]),
}  # fmt: skip
