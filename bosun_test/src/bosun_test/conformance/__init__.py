"""The conformance kit: the promises of the contract as tests that any plugin adopts with one subclass and one fixture.

Adopt it in a test module (docs/write-a-plugin.md walks through it):

    class TestMine(Conformance):
        @pytest.fixture
        def environment(self, tmp_path):
            return MyEnvironment(tmp_path)
"""

try:
    import hypothesis  # noqa: F401  # only to say in one line what is missing
    import pytest  # noqa: F401  # likewise
except ImportError as error:
    raise ImportError(
        f"the conformance kit needs {error.name}; run: pip install 'bosun-test[conformance]'", name=error.name
    ) from None

from bosun_test.conformance.driving import sha256_of
from bosun_test.conformance.environment import Environment, NothingAnswersError, PackageKind, Running
from bosun_test.conformance.profile import Profile
from bosun_test.conformance.suite import Conformance

__all__ = ["Conformance", "Environment", "NothingAnswersError", "PackageKind", "Profile", "Running", "sha256_of"]
