"""The folder of deployments: what is served from it, and what is told of it."""

from pathlib import Path

import pytest
from many_models import ask, folder, scored
from prediction_server.launch import RunningServer, ServerDidNotStartError, running_server
from prediction_server.make_package import write_package


def test_each_folder_is_served_under_its_own_name(root: Path, server: RunningServer) -> None:
    folder(root / "deployment_d1", "d1", "m1", 1)
    folder(root / "deployment_d2", "d2", "m2", 2)
    answers = [ask(server, name) for name in ("deployment_d1", "deployment_d2")]
    assert [answer.content for answer in answers] == [scored("d1", "m1", 1), scored("d2", "m2", 2)]
    assert [answer.headers["x-model-id"] for answer in answers] == ["m1", "m2"]


def test_a_real_model_is_served(root: Path, server: RunningServer) -> None:
    deployment = folder(root / "d1", "d1", "m1")
    write_package(deployment / "m1.mlpkg", "sklearn")
    flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4}
    answer = server.request("POST", "/deployments/d1/predictions", [flower])
    assert (answer.status, len(answer.content["data"])) == (200, 1)


def test_a_deployment_tells_what_it_is_and_how_it_is(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1")
    info = server.request("GET", "/deployments/d1/info").content
    del info["packageSha256"]
    assert info == {"deploymentId": "d1", "modelId": "m1", "kind": "linear", "features": []}
    assert server.request("GET", "/deployments/d1/ping").content == {"response": "pong"}


def test_the_server_tells_of_itself(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1")
    assert server.request("GET", "/info").content == {"version": "0.1.0", "deployments": 1}
    assert server.request("GET", "/ping").content == {"response": "pong"}


def test_the_listing_holds_every_deployment_and_no_other_folder(root: Path, server: RunningServer) -> None:
    folder(root / "a", "d1", "m1")
    folder(root / "b", "d2", "m2", kind="quantum")
    folder(root / ".hidden", "d3", "m3")
    (root / "no-info-file").mkdir()
    (root / "file").touch()
    reason = "model.json: kind 'quantum' is not one of linear, opaque, sklearn"
    assert server.request("GET", "/deployments").content == {
        "deployments": [
            {"id": "a", "status": "ready", "deploymentId": "d1", "modelId": "m1"},
            {"id": "b", "status": "failing", "message": f"deployment b cannot load: {reason}"},
        ]
    }


@pytest.mark.parametrize("name", ["none", ".hidden", "no-info-file", "file", "..", "x%2Fy", "a%00b", "n" * 300])
def test_what_is_no_deployment_is_a_404(root: Path, server: RunningServer, name: str) -> None:
    folder(root / ".hidden", "d1", "m1")
    (root / "no-info-file").mkdir()
    (root / "file").touch()
    answer = ask(server, name)
    assert (answer.status, list(answer.content)) == (404, ["message"])


def test_a_method_or_path_that_is_not_there_is_refused(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1")
    asked = [("GET", "/deployments/d1/predictions"), ("POST", "/deployments"), ("GET", "/deployments/d1/more")]
    assert [server.request(*what).status for what in asked] == [405, 405, 404]


def test_the_info_file_may_have_another_name_and_a_neighbour(root: Path) -> None:
    deployment = folder(root / "d1", "d1", "m1", 1)
    (deployment / "config.yml").rename(deployment / "info.yaml")
    (deployment / "m1.mlpkg").rename(deployment / "model.any")
    (deployment / "kv.yaml").write_text("memory: 1g\n")
    with running_server("--deployments", root, "--info-file", "info.yaml") as running:
        assert ask(running, "d1").content == scored("d1", "m1", 1)


def test_a_missing_folder_of_deployments_ends_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    with pytest.raises(ServerDidNotStartError) as error, running_server("--deployments", missing):
        pass
    expected = f"bosun-prediction-server: there is no folder {missing}: make it with `mkdir -p {missing}`\n"
    assert (error.value.exit_code, error.value.stderr) == (1, expected)
