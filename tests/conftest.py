"""What all tests share."""

pytest_plugins = ["bosun_test.conformance.report"]
