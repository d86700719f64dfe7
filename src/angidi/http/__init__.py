"""The toolkit of routes: no feature's model, service or import knows it."""
