"""The error of a wrong setting."""


class ConfigError(Exception):
    """A setting is wrong. The message has one line per setting, ready to print."""
