"""The signing key that development keeps in the home."""

from pathlib import Path

import pytest

from angidi.app import signing_key
from angidi.config import ConfigError, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(angidi_home=tmp_path / "home", jwt_secret=None)


def test_a_key_is_made_once_where_nobody_else_can_read_it(settings: Settings) -> None:
    key = signing_key(settings)
    assert signing_key(settings) == key
    home = settings.angidi_home
    assert [path.stat().st_mode & 0o777 for path in (home, home / "jwt-secret")] == [0o700, 0o600]


@pytest.mark.parametrize("content", [b"", b"0" * 31, b"\xff" * 64, b"\x00" * 64])
def test_a_damaged_key_signs_nothing(settings: Settings, content: bytes) -> None:
    signing_key(settings)
    (settings.angidi_home / "jwt-secret").write_bytes(content)
    with pytest.raises(ConfigError, match="jwt-secret is damaged; delete it for a new key"):
        signing_key(settings)


def test_a_home_that_cannot_be_made_is_named(settings: Settings) -> None:
    settings.angidi_home.write_text("a file")
    with pytest.raises(ConfigError, match=f"ANGIDI_HOME: {settings.angidi_home} cannot be written"):
        signing_key(settings)
