"""Log-ins: sessions, and the refresh tokens that carry them on."""
