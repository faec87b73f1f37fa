"""bosun-k8s keeps the contract: the whole kit, on the cluster."""

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asking import asked_once, kept_open
from bosun_test.conformance import Conformance, Environment, NothingAnswersError, PackageKind, Running
from prediction_server.make_package import write_package

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(3000), pytest.mark.usefixtures("quick_profile")]

_FAULTS = {
    PackageKind.GOOD: None,
    PackageKind.CANNOT_LOAD: {"crash_at_start": True},
    PackageKind.CRASHES_AFTER_LOADING: {"crash_after_seconds": 0.4},
    PackageKind.NEVER_READY: {"fail_ping": True},
}
# Kills, sequences, their steps and hostile ids of each profile: an action takes seconds; test_crashes.py kills at every
# call.
_AFFORDED = {"quick": (2, 1, 5, 3), "default": (16, 12, 10, 12), "thorough": (None, 100, 15, None)}
_LABEL = "bosun.datarobot.com"


class KubernetesEnvironment(Environment):
    plugin = "k8s"
    other_key_values: ClassVar = {"memory": "300Mi"}
    removable: ClassVar = ("Deployment", "Service")
    action_limit = 120.0

    def __init__(self, folder: Path, place: Any) -> None:
        self._packages = folder / "packages"
        self._packages.mkdir()
        self._place = place

    def private_configuration(self):
        return self._place.settings(readinessLimit=8, preStopSeconds=1, settleTime=0.8)

    def package(self, name, kind=PackageKind.GOOD):
        path = self._packages / f"{name.replace(' ', '-').replace(',', '')}-{kind.name.lower()}.mlpkg"
        if not path.exists():
            write_package(path, "linear", seed=sum(name.encode()), faults=_FAULTS[kind])
        return path

    def running(self):
        """What answers at each deployment's endpoint.

        Not at the Service's address: kube-proxy learns of a change up to a second later, which no watch tells.
        """
        place = self._place
        found = {}
        routed = {one["metadata"]["name"] for one in place.objects("httproutes")}
        for service in place.objects("services", "-l", f"{_LABEL}/schema=1"):
            if service["metadata"]["name"] not in routed:
                continue
            deployment = service["metadata"]["annotations"][f"{_LABEL}/deployment"]
            try:
                model = asked_once(f"{place.url}/{deployment}/predictions").model
            except OSError:
                continue
            found[deployment] = Running(model, self._package_of(service, model))
        return found

    def _package_of(self, service, model):
        """The hash of the package in a ready pod of the model."""
        deployment = service["metadata"]["labels"][f"{_LABEL}/deployment"]
        for pod in self._place.objects("pods", "-l", f"{_LABEL}/deployment={deployment}"):
            about = pod["metadata"]
            states = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}
            serves = about["annotations"][f"{_LABEL}/model"] == model and states.get("Ready") == "True"
            if serves and "deletionTimestamp" not in about:
                command = ["exec", about["name"], "-c", "model", "--", "sha256sum", "/opt/ml/model/model.mlpkg"]
                return (self._place(*command, check=False).split() or [None])[0]
        return None

    def leftovers(self):
        place = self._place
        expected = set()
        for service in place.objects("services", "-l", f"{_LABEL}/schema=1"):
            name, generation = service["metadata"]["name"], service["spec"]["selector"][f"{_LABEL}/generation"]
            if generation == "0":
                continue
            expected |= {f"Service/{name}", f"HTTPRoute/{name}", f"Deployment/{name}-{generation}"}
            expected |= {
                f"Pod/{pod['metadata']['name']}"
                for pod in place.objects("pods")
                if pod["metadata"]["name"].startswith(f"{name}-{generation}-")
                and "deletionTimestamp" not in pod["metadata"]
            }
        return sorted(set(place.made()) - expected)

    def picture(self):
        found = self._place.objects("deployments,services,httproutes,pods,leases,secrets", "-l", f"{_LABEL}/schema=1")
        return sorted(
            (one["kind"], one["metadata"]["name"], one["metadata"]["uid"], str(one.get("spec"))) for one in found
        )

    def reset(self):
        self._place.clear()

    def places_of(self, text):
        place = self._place
        kinds = "deployments,replicasets,services,httproutes,pods,leases,secrets,configmaps,events"
        found = {f"{one['kind']} {one['metadata']['name']}": str(one) for one in place.objects(kinds)}
        for pod in place.objects("pods"):
            name = pod["metadata"]["name"]
            found[f"log of {name}"] = place("logs", name, "--all-containers", check=False)
        return [name for name, content in found.items() if text in content]

    def damage(self, deployment):
        name = self._place.service_of(deployment)["metadata"]["name"]
        workloads = [one["metadata"]["name"] for one in self._place.objects("deployments")]
        for workload in workloads:
            if workload.startswith(f"{name}-"):
                self._place("scale", f"deployment/{workload}", "--replicas=0")
                self._place("delete", "pods", "-l", f"{_LABEL}/deployment={deployment}", "--force", "--grace-period=0")

    def remove(self, deployment, part):
        name = self._place.service_of(deployment)["metadata"]["name"]
        if part == "Service":
            self._place("delete", "service", name)
        else:
            own = ("-l", f"{_LABEL}/deployment={deployment}")
            self._place("delete", "deployments", *own)
            self._place("delete", "pods", *own, "--force", "--grace-period=0", "--wait=true")

    @contextmanager
    def out_of_order(self):
        """The API server is nowhere."""
        own = self._place.kubeconfig.read_text()
        self._place.kubeconfig.write_text(re.sub(r"server: .*", "server: https://127.0.0.1:9", own))
        try:
            yield
        finally:
            self._place.kubeconfig.write_text(own)

    def profile(self, chosen):
        kills, sequences, steps, hostile_ids = _AFFORDED[chosen.name]
        removals = 1 if chosen.name == "quick" else None
        return chosen._replace(
            kills=kills, sequences=sequences, steps=steps, hostile_ids=hostile_ids, removals=removals
        )

    def ask(self, deployment, url):
        try:
            return asked_once(url).model
        except OSError as error:
            raise NothingAnswersError(str(error)) from error

    def kept_open(self, deployment, url):
        return kept_open(url)


class TestKubernetes(Conformance):
    @pytest.fixture
    def environment(self, tmp_path, place):
        return KubernetesEnvironment(tmp_path, place)
