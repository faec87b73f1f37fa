"""An action that is told to end in the middle of what has to be whole: it carries it to its end, and harms nothing."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asking import asked_once
from bosun_test.conformance.load import Load

pytestmark = pytest.mark.docker

WRITTEN = """
import json, os
leading = [one for one in os.scandir("/routes") if one.stat().st_size > len("{}\\n")]
print(json.dumps({one.name: one.stat().st_ctime_ns for one in leading}))
"""


@pytest.fixture
def routes_written(clean: Any, act: Callable[..., Any]) -> Iterator[Callable[[], dict[str, int]]]:
    """Tells when each route file that leads somewhere was last written, by name."""
    act("plugin_start")
    routes, image = f"{clean.prefix}routes:/routes:ro", clean.variables["BOSUN_TEST_PYTHON_IMAGE"]
    looks = clean("run", "--detach", "--rm", "--volume", routes, "--entrypoint", "sleep", image, "600")
    yield lambda: dict(json.loads(clean("exec", looks, "python3", "-c", WRITTEN)))
    clean("rm", "--force", looks)


def test_the_route_that_serves_is_not_written_again_when_a_signal_comes_while_the_old_model_drains(
    act: Callable[..., Any],
    begin: Callable[..., Any],
    package: Callable[..., str],
    predict: Callable[..., str],
    until: Callable[..., Any],
    routes_written: Callable[[], dict[str, int]],
) -> None:
    # A file that is overwritten is absent for a moment: a proxy that reads it then fails requests.
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    replacement = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    with Load(lambda: predict(f"{url}?delay=8"), threads=6) as slow:  # it drains for nearly so long
        replacing = begin("deployment_replace_model", replacement)
        until(lambda: [name.endswith("-b.yml") for name in routes_written()] == [True])  # the old one's is blank
        before = routes_written()
        replacing.process.terminate()
        told = replacing()
    assert (told["status"], told["data"]["currentModelId"], predict(url)) == ("passing", "B", "B")  # it had switched
    assert "SIGTERM" in told["msg"]
    assert ([one.fault for one in slow.failed()], routes_written()) == ([], before)


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
