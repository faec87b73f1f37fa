"""SIGKILL at the calls of an action: traffic goes on, the same action again converges, nothing is left behind.

What a call is, is in tests/making/killing.py; which of them are tried, in sampling.py beside it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import pytest
from asking import asked_once
from bosun_test.conformance.load import Load
from killing import Child, make_larger
from sampling import SEED, chosen, sampled

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(7200)]

BUDGET_SECONDS = 6.0
LABEL = "bosun.datarobot.com"
TOKEN = "planted-token-91aa"  # nobody's
SCALED = {"maxReplicas": 2, "cpuRequest": "50m", "minAvailable": "1"}


class Story(NamedTuple):
    """An action that is killed; what is there before and after."""

    action: str
    is_there: bool = False
    """Whether the deployment is there before. It is asked all the while then, but where it is stopped."""
    builder: str = "append"
    full_before: bool = False
    full_after: bool = False
    """Whether there is all that can be around a deployment: Ingress, autoscaler, budget, Secret."""

    @property
    def goes_on(self) -> bool:
        """Whether it may begin with what it left the last time."""
        return self.is_there and self.action != "deployment_stop" and self.full_before == self.full_after


PLAIN_STORIES = {
    "start": Story("deployment_start"),
    "replace": Story("deployment_replace_model", is_there=True),
    "relaunch": Story("deployment_relaunch", is_there=True),
    "stop": Story("deployment_stop", is_there=True),
}
OTHER_STORIES = {
    "start, kaniko": Story("deployment_start", builder="kaniko"),
    "start, all around it": Story("deployment_start", full_after=True),
    "replace, more around it": Story("deployment_replace_model", is_there=True, full_after=True),
    "replace, less around it": Story("deployment_replace_model", is_there=True, full_before=True),
    "stop, all around it": Story("deployment_stop", is_there=True, full_before=True),
}
STORIES = {**PLAIN_STORIES, **OTHER_STORIES}
TRIED = [*PLAIN_STORIES, *sampled(list(OTHER_STORIES), "stories")]
PLAIN = ["Deployment", "HTTPRoute", "Pod", "ReplicaSet", "Service"]
FULL = [
    "Deployment", "HorizontalPodAutoscaler", "Ingress", "Pod", "PodDisruptionBudget", "ReplicaSet", "Secret", "Service",
]  # fmt: skip


@pytest.fixture
def packages(package: Callable[..., str]) -> dict[str, str]:
    return {name: make_larger(package(name)) for name in ("A", "B")}


def all_around(place: Any) -> dict[str, Any]:
    """The settings with which there is all that can be around a deployment."""
    name, _, value = place.variables["BOSUN_TEST_K8S_INGRESS_ANNOTATION"].partition("=")
    return {
        "gateway": None,
        "ingressClass": place.variables["BOSUN_TEST_K8S_INGRESS_CLASS"],
        "ingressPaths": "prefix",
        "ingressAnnotations": {name: value},
        "agentImage": place.variables["BOSUN_TEST_K8S_AGENT_IMAGE"],
        "plugin_config": {"mlopsUrl": "http://127.0.0.1:9"},
    }


def left(place: Any, building: str) -> list[str]:
    """The kinds of the objects that are there, one for each: of Bosun, and made by the cluster for it."""
    kinds = [name.partition("/")[0] for name in place.made()]
    kinds += [one["kind"] for one in place.objects("replicasets")]
    kinds += [f"{one['metadata']['name']} in the builds" for one in place.objects("pods", "-n", building)]
    return sorted(kinds)


def whole(place: Any, kinds: list[str]) -> bool:
    """Tell whether the Service selects the one workload that is there."""
    workloads = place.objects("deployments") if "Deployment" in kinds else []
    leads_to = [
        f"{one['metadata']['name']}-{one['spec']['selector'][f'{LABEL}/generation']}"
        for one in place.objects("services")
    ]
    return leads_to == [one["metadata"]["name"] for one in workloads]


class Telling:
    """One story told again and again: what is asked for, and with which settings."""

    def __init__(
        self, story: Story, place: Any, act: Callable[..., Any], packages: dict[str, str], builds: str
    ) -> None:
        self.story = story
        self.serves: str | None = None
        """The model that serves."""
        self._place = place
        self._act = act
        self._packages = packages
        self._settings: dict[str, Any] = {
            "environmentId": "crashes", "preStopSeconds": 1, "drainLimit": 3, "settleTime": 0.3,
        }  # fmt: skip
        if story.builder == "kaniko":
            self._settings |= {
                "kanikoImage": place.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"],
                "kanikoNamespace": builds,
                "plainHttpRegistries": [place.registry],
            }

    @property
    def becomes(self) -> str | None:
        """The model that is to serve after the action."""
        if self.story.action == "deployment_replace_model":
            return "B" if self.serves == "A" else "A"
        return None if self.story.action == "deployment_stop" else "A"

    def prepare(self, trial: int) -> None:
        """Have there be what the action begins with."""
        if self.serves is not None and self.story.goes_on:
            return
        self._place.clear()
        self.serves = None
        if self.story.is_there:
            info = {"id": "d1", "modelId": "A", "modelArtifact": self._packages["A"]}
            assert self._do("deployment_start", info, trial, full=self.story.full_before)["status"] == "passing"
            self.serves = "A"

    def run(self, trial: int) -> Any:
        new = self.becomes
        info = {"id": "d1"}
        if self.story.action == "deployment_start":
            info |= {"modelId": "A", "modelArtifact": self._packages["A"]}
        elif self.story.action == "deployment_replace_model":
            info |= {"modelId": str(self.serves), "newModelId": str(new), "modelArtifact": self._packages[str(new)]}
        return self._do(self.story.action, info, trial, full=self.story.full_after)

    def _do(self, action: str, info: dict[str, Any], trial: int, *, full: bool) -> Any:
        # A repository of its own for each trial, so that the image is made each time.
        settings = {**self._settings, "generatedImageRepo": f"{self._place.registry}/{self._place.namespace}/{trial}"}
        if full:
            settings |= all_around(self._place)
            info = {**info, "keyValueConfig": SCALED}
        return self._act(action, info, **settings)


@pytest.mark.parametrize("name", TRIED)
def test_killed_at_any_call_and_run_again_it_converges(
    place: Any,
    building: str,
    act: Callable[..., Any],
    packages: dict[str, str],
    predict: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    story = STORIES[name]
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    telling = Telling(story, place, act, packages, building)
    url = f"{place.url}/d1/predictions"
    is_asked = story.is_there and story.action != "deployment_stop"
    end = [] if story.action == "deployment_stop" else FULL if story.full_after else PLAIN

    telling.prepare(0)
    calls = Child(lambda: telling.run(0), None).finish()
    assert calls is not None
    telling.serves = telling.becomes
    killed: list[int] = []
    for number in chosen(calls, name, BUDGET_SECONDS, killed):
        telling.prepare(number)
        child = Child(lambda: telling.run(number), number)  # noqa: B023  # it forks at once
        load: AbstractContextManager[Any] = Load(lambda: predict(url), threads=2) if is_asked else nullcontext()
        with load:
            assert not is_asked or load.flowing()
            if child.finish() is None:
                killed.append(number)
            status = telling.run(number)
        found = left(place, building)
        assert (number, status["status"], found) == (number, "passing", end), status["msg"]
        assert (number, whole(place, found)) == (number, True)
        assert not is_asked or (number, load.failed()[:3]) == (number, [])
        telling.serves = telling.becomes
        if telling.serves is not None:
            assert (number, asked_once(url).model) == (number, telling.serves)
    place.clear()
    print(f"{name}: {calls} calls, killed at {len(killed)} of them, {killed} (BOSUN_SEED={SEED})")
    assert killed
