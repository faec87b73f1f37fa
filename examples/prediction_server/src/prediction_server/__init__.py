"""A small prediction server for Bosun's examples and tests: stands in for the Portable Prediction Server."""

__version__ = "0.1.0"
