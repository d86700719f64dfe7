"""The command `angidi`, also as `python -m angidi`."""

import signal


def run() -> None:
    """Run the command line. Ctrl-C during the import of modules exits silently."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from angidi.cli.main import main  # noqa: PLC0415 - the part that takes time to load

    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()


if __name__ == "__main__":
    run()
