"""What can go wrong while the testbed is made."""


class TestbedError(Exception):
    """The testbed cannot be made: one line that says what happened and what to do."""

    __test__ = False  # the name is not a test's, whatever it begins with
