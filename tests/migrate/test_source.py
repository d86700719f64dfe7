from pathlib import Path

import pytest

from angidi.migrate import DuplicateMigration, Source, SourceError
from angidi.migrate.files.source import parse_name


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("1_a.up.sql", (1, "a", "up")),
        ("0001_a.up.sql", (1, "a", "up")),
        ("20230101120000_x.up.psql", (20230101120000, "x", "up")),
        ("1_.up.sql", (1, "", "up")),
        ("1_a.up.", (1, "a", "up")),
        ("1_a.up.sql.bak", (1, "a", "up")),
        ("1_a.up.down.sql", (1, "a.up", "down")),
        ("1__x.up.sql", (1, "_x", "up")),
        ("1_2_x.up.sql", (1, "2_x", "up")),
        ("0_a.down.sql", (0, "a", "down")),
        ("9223372036854775807_a.up.sql", (2**63 - 1, "a", "up")),
    ],
)
def test_a_name_is_read_as_golang_migrate_reads_it(name: str, read: tuple[int, str, str]):
    file = parse_name(Path(name))
    assert file is not None
    assert (file.version, file.title, file.direction) == read


@pytest.mark.parametrize(
    "name",
    [
        "1.up.sql", "1_a.sql", "1_a.up", "-1_a.up.sql", "+1_a.up.sql", "1_a.UP.sql", "V1__a.up.sql",
        "000001_up.sql", "1_a.up.sql\n", "18446744073709551616_a.up.sql", "\u0661_a.up.sql", "README.md",
    ],
)  # fmt: skip
def test_another_name_is_passed_over(name: str):
    assert parse_name(Path(name)) is None


def test_a_version_beyond_bigint_is_refused_by_name(tmp_path: Path):
    (tmp_path / "9223372036854775808_a.up.sql").touch()
    with pytest.raises(SourceError, match=r"version 9223372036854775808 of .* is too large"):
        Source(tmp_path)


def test_versions_are_ordered_by_number_and_folders_are_no_migrations(tmp_path: Path):
    for name in ("10_b.up.sql", "9_a.up.sql", "2_c.down.sql"):
        (tmp_path / name).touch()
    (tmp_path / "1_x.up.sql").mkdir()
    source = Source(tmp_path)
    assert source.versions == (2, 9, 10)
    assert (source.next(2), source.next(3), source.next(10)) == (9, 9, None)
    assert (source.previous(2), source.previous(10), source.previous(99)) == (None, 9, 10)


def test_the_later_name_of_two_with_one_version_is_told(tmp_path: Path):
    for name in ("1_a.up.sql", "0001_b.up.sql", "01_a.down.sql"):
        (tmp_path / name).touch()
    with pytest.raises(DuplicateMigration, match=r"duplicate migration file: 1_a.up.sql"):
        Source(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path):
    with pytest.raises(SourceError, match=r"open \.: no such file or directory\nThe directory is .*/nowhere"):
        Source(tmp_path / "nowhere")


def test_a_file_that_cannot_be_read_whole_is_an_error_and_not_an_empty_migration(tmp_path: Path):
    """golang-migrate runs what it got, and records the version as clean."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "1_a.up.sql").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "2_b.up.sql").write_bytes(b"SELECT 1;\0")
    source = Source(tmp_path)
    for version, reason in ((1, "is a directory"), (2, "NUL byte")):
        file = source.file(version, "up")
        assert file
        with pytest.raises(SourceError, match=reason):
            file.read()
