"""What a workload tells of a deployment whose Service was removed, and whether that was in service."""

from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.model_sources import kinds
from bosun_k8s.documents import manifests
from bosun_k8s.looks.looking import Deployed
from bosun_k8s.looks.observed import Deployment, Service, read
from bosun_k8s.recovering import told_by

from bosun_k8s import names

Made = Callable[..., Any]
FORGOTTEN = (names.SETTINGS, names.SURROUNDINGS, names.ORIGIN)


@pytest.mark.parametrize(
    ("kind", "mounted"),
    [(kinds.NATIVE, False), (kinds.NATIVE, True), (kinds.SCORING_CODE, False), (kinds.CUSTOM, False)],
)
def test_a_workload_tells_what_its_service_told_but_for_settings_and_origin(
    env: Made, goal: Made, kind: str, *, mounted: bool
) -> None:
    place, wanted = env(), goal(kind=kind, mounted=mounted)
    image = "registry.example.com/models@sha256:1"
    generation, told = told_by(manifests.deployment(place, wanted, 3, image))
    before = manifests.told_of(place, wanted, 3, image)
    kept = {key: value for key, value in before.items() if key not in FORGOTTEN}
    assert (generation, told) == ("3", {**kept, names.ORIGIN: image})


def service(number: str, **told: str) -> Service:
    about = {"name": "n", "annotations": {f"{names.ROOT}/{key}": value for key, value in told.items()}}
    return read({"metadata": about, "spec": {"selector": {names.GENERATION: number}}}, Service)


WORKLOAD = read({"metadata": {"name": "n-1", "labels": {names.GENERATION: "1"}}}, Deployment)


@pytest.mark.parametrize(
    ("found", "is_astray", "was_in_service"),
    [
        (Deployed("d1", service("1"), (), (WORKLOAD,)), False, True),
        (Deployed("d1", service("1"), ()), False, True),
        (Deployed("d1", None, (), (WORKLOAD,)), True, True),
        (Deployed("d1", service("0", generation="1"), (), (WORKLOAD,)), True, True),
        (Deployed("d1", service("0"), (), (WORKLOAD,)), False, False),
        (Deployed("d1", service("0", generation="1", stopping="true"), (), (WORKLOAD,)), False, False),
        (Deployed("d1", None, ()), False, False),
    ],
)
def test_what_a_killed_start_or_stop_left_was_not_in_service_and_a_lost_service_does_not_change_it(
    found: Deployed, *, is_astray: bool, was_in_service: bool
) -> None:
    assert (found.is_astray, found.serves or found.is_astray) == (is_astray, was_in_service)
