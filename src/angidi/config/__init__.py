"""Settings from the environment, `.env` and `config/database.yaml`, in this order; read once at start.

Every setting is the environment variable of its field's name in capitals. A wrong value raises `ConfigError`, with a
line per setting: what is wrong, and an example. Secrets are `SecretStr`, which print as asterisks.
"""

from angidi.config.errors import ConfigError
from angidi.config.loading import SettingOrigin, SettingsDescription, describe, ignored_settings, load, read_variable
from angidi.config.rules import setting_warnings
from angidi.config.settings import Settings
from angidi.config.values import ENCRYPTED, Network, parse_duration

__all__ = [
    "ENCRYPTED",
    "ConfigError",
    "Network",
    "SettingOrigin",
    "Settings",
    "SettingsDescription",
    "describe",
    "ignored_settings",
    "load",
    "parse_duration",
    "read_variable",
    "setting_warnings",
]
