"""Settings with which kaniko builds."""

from typing import Any

import pytest


@pytest.fixture
def kaniko(clean: Any, building: str) -> dict[str, Any]:
    """Settings with which kaniko builds where it may."""
    return {
        "kanikoImage": clean.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"],
        "kanikoNamespace": building,
        "plainHttpRegistries": [clean.registry],
    }
