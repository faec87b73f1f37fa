"""bosun-docker keeps the contract: the whole kit, on the engine."""

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import pytest
from asking import asked_once, kept_open
from bosun_test.conformance import Conformance, Environment, NothingAnswersError, PackageKind, Running
from prediction_server.make_package import write_package

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800), pytest.mark.usefixtures("quick_profile")]

_FAULTS = {
    PackageKind.GOOD: None,
    PackageKind.CANNOT_LOAD: {"crash_at_start": True},
    PackageKind.CRASHES_AFTER_LOADING: {"crash_after_seconds": 0.4},
    PackageKind.NEVER_READY: {"fail_ping": True},
}
# Kills, sequences and hostile ids of each profile: an action takes seconds; test_crashes.py kills at every call.
_AFFORDED = {"quick": (2, 1, 3), "default": (16, 12, 12), "thorough": (None, 200, None)}
_LABEL = "com.datarobot.bosun"


class DockerEnvironment(Environment):
    plugin = "docker"
    other_key_values: ClassVar = {"memory": "300m"}
    removable: ClassVar = ("container",)

    def __init__(self, folder: Path, place: Any) -> None:
        self._packages = folder / "packages"
        self._packages.mkdir()
        self._place = place

    def private_configuration(self):
        return self._place.settings(readinessLimit=6)

    def package(self, name, kind=PackageKind.GOOD):
        path = self._packages / f"{name.replace(' ', '-').replace(',', '')}-{kind.name.lower()}.mlpkg"
        if not path.exists():
            write_package(path, "linear", seed=sum(name.encode()), faults=_FAULTS[kind])
        return path

    def running(self):
        # A list alone: to inspect a container waits for whoever writes into it, and the kit holds an action just then.
        models = ["--filter", f"name=^{self._place.prefix}", "--filter", f"label={_LABEL}.part=model"]
        names = set(self._place("ps", *models, "--format", f'{{{{.Label "{_LABEL}.deployment"}}}}').split())
        answers = {name: self._answer(name) for name in sorted(names)}
        return {name: Running(*answer) for name, answer in answers.items() if answer}

    def _answer(self, name):
        """Model and package of the container that answers at a deployment's endpoint."""
        url = f"{self._place.url}/deployments/{name}/predictions"
        try:
            model, headers = asked_once(url)
        except OSError:
            return None
        digest = self._place("exec", headers["X-Bosun-Container"], "sha256sum", "/opt/ml/model/model.mlpkg").split()[0]
        return model, digest

    def leftovers(self):
        place = self._place
        containers = place.containers()
        serving = {name: one for name, one in containers.items() if name.startswith(f"{place.prefix}deployment_")}
        expected = {f"{place.prefix}traefik", *serving}
        used = {place("inspect", "--format", "{{.Image}}", one) for one in serving.values()}
        routes = len(place.route_files())
        return sorted(
            [
                *(set(containers) - expected),
                *(set(place.images()) - used),
                *(set(place.volumes()) - {f"{place.prefix}routes"}),
                *([] if routes == len(serving) else [f"{routes} routes to {len(serving)} containers"]),
            ]
        )

    def picture(self):
        place = self._place
        containers = place.containers()
        template = "{{.Id}} {{.Name}} {{.State.StartedAt}} {{json .Config}} {{json .HostConfig}}"
        seen = place("inspect", "--format", template, *containers.values()) if containers else ""
        return seen, sorted(place.images()), place.volumes(), place.route_files()

    def reset(self):
        self._place.clear(keep_proxy=True)

    def places_of(self, text):
        place = self._place
        found = {}
        for name in place.containers():
            found[f"container {name}"] = place("inspect", name)
            found[f"log of {name}"] = place("logs", name)
        for image in place.images():
            found[f"image {image}"] = place("image", "inspect", image) + place("history", "--no-trunc", image)
        for name in place.volumes():
            found[f"volume {name}"] = place("volume", "inspect", name)
        found["routes"] = json.dumps(place.route_files())
        return [name for name, content in found.items() if text in content]

    def shared_parts(self):
        running = self._place("ps", "--filter", f"name=^{self._place.proxy}$", "--format", "{{.Names}}")
        return [*running.split(), *self._place.volumes()]

    def damage(self, deployment):
        self._place("kill", self._container(deployment))

    def remove(self, deployment, part):
        self._place("rm", "--force", self._container(deployment))

    def _container(self, deployment):
        labels = [f"label={_LABEL}.{key}" for key in ("part=model", f"deployment={deployment}")]
        filters = [word for label in labels for word in ("--filter", label)]
        (container,) = self._place("ps", "-q", "--filter", f"name=^{self._place.prefix}", *filters).split()
        return container

    @contextmanager
    def out_of_order(self):
        with patch.dict(os.environ, DOCKER_HOST="tcp://127.0.0.1:1"):  # nothing listens there
            yield

    def profile(self, chosen):
        kills, sequences, hostile_ids = _AFFORDED[chosen.name]
        return chosen._replace(kills=kills, sequences=sequences, hostile_ids=hostile_ids)

    def ask(self, deployment, url):
        try:
            return asked_once(url).model
        except OSError as error:
            raise NothingAnswersError(str(error)) from error

    def kept_open(self, deployment, url):
        return kept_open(url)


class TestDocker(Conformance):
    @pytest.fixture
    def environment(self, tmp_path, place):
        return DockerEnvironment(tmp_path, place)
