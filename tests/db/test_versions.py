"""Which servers are known to have security holes."""

import pytest

from angidi.db.diagnostics.versions import SAFE_MINOR, known_holes


@pytest.mark.parametrize("version", [180004, 180006, 170011, 150019])
def test_a_version_with_published_holes_is_named_with_the_one_that_closes_them(version: int) -> None:
    major, minor = divmod(version, 10_000)
    said = known_holes(version) or ""
    assert f"PostgreSQL {major}.{minor} has published security holes" in said
    assert f"update it to {major}.{SAFE_MINOR[major]} or later" in said


@pytest.mark.parametrize("version", [180007, 180012, 170012, 160016, 150020, 190000])
def test_a_version_without_known_holes_is_well(version: int) -> None:
    assert known_holes(version) is None
