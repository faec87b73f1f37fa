"""Load for the tests of plugins, as the kit itself uses it."""

from bosun_test.load.clients import Ask, Client, Load, Sample, percentile

__all__ = ["Ask", "Client", "Load", "Sample", "percentile"]
