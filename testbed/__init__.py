"""Makes real engines for the tests from packages alone: `python3 -m testbed docker up`."""
