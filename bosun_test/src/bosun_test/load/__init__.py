"""Load on a prediction URL: which model answered when, how fast, and what failed; as a command, `bosun-load`."""
