"""The server process: its signals, its workers and their connections."""
