"""Ids and values that others stumble over: each deployment serves its own model, and Go templates do nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.docker

TEMPLATE = '{{ env "HOME" }}'
IDS = [
    ("con", "A"),
    ("CON", "nul"),
    ("Con", "A.."),
    ("0", "0777"),
    ("612345678901234567890123", "1e5"),
    ("a" * 128, "b" * 128),
    ("a_b", "c"),
    ("a", "b_c"),
    ("-".join("ab"), "x" * 128),
    ("_", "_"),
    ("x.y", "Z"),
]


def test_hostile_ids_all_serve_side_by_side_and_never_meet(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    path = package("A")
    for deployment, model in IDS:
        status = act("deployment_start", {"id": deployment, "modelId": model, "modelArtifact": path})
        assert status["status"] == "passing", status
    urls = {name: entry["data"]["predictionUrl"] for name, entry in act("deployment_list")["data"].items()}
    assert sorted(urls) == sorted(name for name, _ in IDS)
    assert {name: predict(url) for name, url in urls.items()} == dict(IDS)
    for deployment, _ in IDS[::2]:
        assert act("deployment_stop", {"id": deployment})["status"] == "passing"
    kept = dict(IDS[1::2])
    assert {name: predict(urls[name]) for name in kept} == kept
    assert sorted(act("deployment_list")["data"]) == sorted(kept)


@pytest.mark.parametrize("key", ["id", "modelId"])
def test_an_id_with_a_template_is_refused(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], key: str
) -> None:
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A"), key: TEMPLATE})
    assert (status["status"], clean.route_files()) == ("failing", {})


def test_templates_in_free_text_and_key_values_do_nothing(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    info = {
        "id": "d1",
        "modelId": "A",
        "modelArtifact": package("A"),
        "name": TEMPLATE,
        "description": TEMPLATE,
        "keyValueConfig": {TEMPLATE: TEMPLATE, "environment": {"MINE": TEMPLATE}},
    }
    status = act("deployment_start", info)
    assert status["status"] == "passing", status
    assert predict(status["data"]["predictionUrl"]) == "A"
    files = json.dumps(clean.route_files())
    home = "/root"
    assert ("{{" in files, home in files) == (False, False)
    variables = json.loads(clean("inspect", f"{clean.prefix}deployment_d1_A"))[0]["Config"]["Env"]
    assert f"MINE={TEMPLATE}" in variables  # as it was written


@pytest.mark.parametrize(
    "key", ["outfacingPredictionURLPrefix", "containerNamePrefix", "dockerNetwork", "traefikImage"]
)
def test_a_setting_with_a_template_is_refused(clean: Any, act: Callable[..., Any], key: str) -> None:
    value = f"http://127.0.0.1/{TEMPLATE}" if "URL" in key else TEMPLATE
    status = act("plugin_start", **{key: value})
    assert (status["status"], key in status["msg"]) == ("failing", True)


@pytest.mark.parametrize(("key", "value"), [("healthPath", f"/{TEMPLATE}"), ("port", TEMPLATE), ("memory", TEMPLATE)])
def test_a_key_value_that_would_stand_in_a_route_or_body_is_refused(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], key: str, value: str
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A"), "keyValueConfig": {key: value}}
    status = act("deployment_start", info)
    assert (status["status"], f"keyValueConfig.{key}" in status["msg"]) == ("failing", True)
