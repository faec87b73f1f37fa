"""The engine: the calls to it, its errors, and where it is."""
