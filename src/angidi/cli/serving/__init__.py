"""`angidi serve`."""
