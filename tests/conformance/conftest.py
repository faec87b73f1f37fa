"""What the adoptions share: a thorough run takes as long as it takes."""

import pytest
from bosun_test.conformance.profile import chosen_profile

_HOURS = 3600


def pytest_collection_modifyitems(items):
    if chosen_profile().name == "thorough":
        for item in items:
            if item.name == "test_any_sequence_of_actions_adds_up":
                item.add_marker(pytest.mark.timeout(6 * _HOURS))
