"""`angidi …`: the command line."""

from angidi.cli.main import main

__all__ = ["main"]
