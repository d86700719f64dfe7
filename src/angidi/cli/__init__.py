"""The command line `angidi`."""
