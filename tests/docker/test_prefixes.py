"""Endpoints below a path of outfacingPredictionURLPrefix."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.docker


def test_an_endpoint_answers_below_the_path_of_the_prefix(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    own = {"outfacingPredictionURLPrefix": f"{clean.url}/v1.0/our-models~/"}
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **own)
    url = status["data"]["predictionUrl"]
    assert (url, predict(url)) == (f"{clean.url}/v1.0/our-models~/deployments/d1/predictions", "A")
