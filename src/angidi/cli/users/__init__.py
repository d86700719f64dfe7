"""`angidi users …`: accounts."""
