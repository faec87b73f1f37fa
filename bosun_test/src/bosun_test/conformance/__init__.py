"""The conformance kit: the promises of the contract as tests that any plugin adopts with one subclass and one fixture.

Adopt it in a test module (docs/write-a-plugin.md walks through it):

    class TestMine(Conformance):
        @pytest.fixture
        def environment(self, tmp_path):
            return MyEnvironment(tmp_path)
"""

from bosun_test.conformance.environment import Environment, NothingAnswersError, PackageKind, Running
from bosun_test.conformance.suite import Conformance

__all__ = ["Conformance", "Environment", "NothingAnswersError", "PackageKind", "Running"]
