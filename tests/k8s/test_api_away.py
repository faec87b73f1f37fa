"""An API server that goes away in the middle of an action: waited for, and told where it stays away."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml
from bosun_test.conformance.load import Load
from sampling import SEED, sampled
from wire import Wire, cut_at, wired

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

AWAY_SECONDS = 2.0
STEPS = ("making the image", "waiting until it is ready", "switching", "draining")  # tried: one, or BOSUN_THOROUGH=1


@pytest.fixture
def wire(clean: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """The plugin's wire to the API server."""
    document = yaml.safe_load(clean.kubeconfig.read_text())
    cluster = document["clusters"][0]["cluster"]
    server = urlsplit(cluster["server"])
    with wired((server.hostname, server.port or 443)) as made:
        cluster |= {"server": f"https://{made.name}", "tls-server-name": server.hostname}
        (tmp_path / "wired").write_text(yaml.safe_dump(document))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "wired"))
        yield made


class Standing(NamedTuple):
    """A deployment that serves model A, through the wire."""

    url: str
    kinds: list[str]
    replacement: dict[str, Any]
    """The deploymentInfo that has it serve model B."""


def kinds(place: Any) -> list[str]:
    return [name.partition("/")[0] for name in place.made()]


@pytest.fixture
def standing(clean: Any, wire: Wire, act: Act, package: Callable[..., str]) -> Standing:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = act("deployment_start", info, preStopSeconds=1)["data"]["predictionUrl"]
    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", load_seconds=1)}
    return Standing(url, kinds(clean), new)


@pytest.mark.parametrize("step", sampled(STEPS, "comes back"))
def test_a_server_that_comes_back_is_waited_for(
    clean: Any, wire: Wire, standing: Standing, act: Act, predict: Callable[[str], str], step: str
) -> None:
    url = standing.url
    with Load(lambda: predict(url), threads=2) as load, cut_at(wire, step, AWAY_SECONDS) as happened:
        assert load.flowing()
        status = act("deployment_replace_model", standing.replacement, preStopSeconds=1)
    print(f"away at {step!r} (BOSUN_SEED={SEED})")
    assert (happened, status["status"], predict(url)) == ([step], "passing", "B")
    assert (load.failed(), kinds(clean)) == ([], standing.kinds)


@pytest.mark.parametrize("step", sampled(STEPS, "stays away"))
def test_a_server_that_stays_away_is_told_and_the_same_action_converges_later(
    clean: Any, wire: Wire, standing: Standing, act: Act, predict: Callable[[str], str], step: str
) -> None:
    url = standing.url
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        with cut_at(wire, step, None):
            status = act("deployment_replace_model", standing.replacement, preStopSeconds=1, apiLimit=1)
        assert (status["status"], status["state"]) == ("failing", "errored")
        assert status["msg"] == (
            f"the API server https://{wire.name} cannot be asked: nothing listens there; see that the cluster runs, "
            "and that the kubeconfig's server is right"
        )
        assert status["duration"] < 15
        wire.mend()
        again = act("deployment_replace_model", standing.replacement, preStopSeconds=1)
    print(f"away from {step!r} on (BOSUN_SEED={SEED})")
    assert (again["status"], predict(url)) == ("passing", "B"), again["msg"]
    assert (load.failed(), kinds(clean)) == ([], standing.kinds)
