"""Failed log-ins: counted, and refused beyond a bound."""
