"""An action that is told to end in the middle of what has to be whole: it carries it to its end, and harms nothing."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asking import asked_once

pytestmark = pytest.mark.docker

WRITTEN = """
import json, os
leading = [one for one in os.scandir("/routes") if one.stat().st_size > len("{}\\n")]
print(json.dumps({one.name: one.stat().st_ctime_ns for one in leading}))
"""


def routes_written(place: Any) -> dict[str, int]:
    """When each route file that leads somewhere was last written, by name."""
    routes, image = f"{place.prefix}routes:/routes:ro", place.variables["BOSUN_TEST_PYTHON_IMAGE"]
    return dict(json.loads(place("run", "--rm", "--volume", routes, "--entrypoint", "python3", image, "-c", WRITTEN)))


def test_the_route_that_serves_is_not_written_again_when_a_signal_comes_while_the_old_model_drains(
    clean: Any, act: Callable[..., Any], begin: Callable[..., Any], package: Callable[..., str], until: Any
) -> None:
    # A file that is overwritten is absent for a moment: a proxy that reads it then fails requests.
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    replacement = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(asked_once, f"{url}?delay=8")  # it drains for so long
        replacing = begin("deployment_replace_model", replacement)
        until(lambda: [name.endswith("-b.yml") for name in routes_written(clean)] == [True])  # the old one's is blank
        before = routes_written(clean)
        replacing.process.terminate()
        told = replacing()
    answers = slow.result().model, asked_once(url).model
    assert (told["status"], told["data"]["currentModelId"], answers) == ("failing", "B", ("A", "B"))
    assert routes_written(clean) == before


def test_a_signal_while_the_old_proxy_ends_brings_it_back(
    clean: Any, act: Callable[..., Any], begin: Callable[..., Any], package: Callable[..., str], until: Any
) -> None:
    act("plugin_start")
    before = clean.containers()[clean.proxy]
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(asked_once, f"{url}?delay=5")  # an old proxy answers what it has before it ends
        replacing = begin("plugin_start", logMaxFiles=4)
        until(lambda: f"{clean.proxy}_old" in clean.containers())
        replacing.process.terminate()
        assert (replacing()["status"], slow.result().model) == ("failing", "A")
    assert (clean.containers()[clean.proxy], asked_once(url).model) == (before, "A")
