"""Memory that servers of one home share, without a file behind it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from angidi.shared_memory import join_memory

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no such memory")

NAME, SIZE = "test-shared", 4096


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "home" / "note"


def joined(note: Path) -> Path:
    path = join_memory(NAME, SIZE, note)
    assert path
    return Path(path)


def write(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"counted")


def is_shared(one: Path, other: Path) -> bool:
    write(one)
    return other.read_bytes().startswith(b"counted")


def test_who_names_the_same_note_has_the_same_memory(note: Path, tmp_path: Path) -> None:
    first = joined(note)
    assert is_shared(first, joined(note))
    assert not is_shared(first, joined(tmp_path / "another"))


def end_of_the_first(note: Path) -> None:
    """Write the note of a process that has ended."""
    program = "import sys; from pathlib import Path; from angidi.shared_memory import join_memory as join\n"
    program += f"print(join({NAME!r}, {SIZE}, Path(sys.argv[1])))"
    subprocess.run([sys.executable, "-c", program, str(note)], check=True, capture_output=True)


def name_another_file(note: Path) -> None:
    other = note.with_name("other")
    other.write_bytes(bytes(SIZE))
    note.write_text(f"/proc/{os.getpid()}/fd/{os.open(other, os.O_RDWR)}")


def name_other_memory(note: Path) -> None:
    note.write_text(join_memory("another", SIZE, note.with_name("other")) or "")


def write_noise(note: Path) -> None:
    note.write_bytes(os.urandom(4096))


@pytest.mark.parametrize("harm", [end_of_the_first, name_another_file, name_other_memory, write_noise, Path.mkdir])
def test_a_note_of_nothing_that_is_shared_means_memory_of_ones_own(note: Path, harm: Callable[[Path], object]) -> None:
    note.parent.mkdir()
    harm(note)
    assert joined(note).read_bytes() == bytes(SIZE)


def test_where_no_note_can_be_written_memory_is_ones_own(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    assert not is_shared(joined(tmp_path / "home" / "note"), joined(tmp_path / "home" / "note"))
