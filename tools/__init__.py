"""What the Makefile runs beside the usual tools."""
