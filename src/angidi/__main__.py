"""`python -m angidi`."""

from angidi.cli import main

main()
