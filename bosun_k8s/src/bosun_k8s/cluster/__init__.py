"""The API server: the calls to it, its errors, and watches."""
