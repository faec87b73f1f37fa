"""Predictions, and what the server tells of its model."""

import re
import zipfile
from pathlib import Path

from one_model import ROW
from prediction_server.launch import RunningServer, running_server
from prediction_server.make_package import write_package


def test_a_json_list_of_records_is_scored(server: RunningServer) -> None:
    answer = server.request("POST", "/predictions", [ROW, {"x": 0, "y": 0, "other": "ignored"}])
    data = [{"prediction": 15.0, "rowId": 0}, {"prediction": 10.0, "rowId": 1}]
    assert (answer.status, answer.content) == (200, {"data": data, "deploymentId": "d1", "modelId": "m1"})


def test_a_csv_is_scored_like_json(server: RunningServer) -> None:
    csv = server.request("POST", "/predictions", "y,x\r\n2,1\r\n", content_type="text/csv; charset=utf-8")
    assert csv.content == server.request("POST", "/predictions", [ROW]).content


def test_no_records_are_no_predictions(server: RunningServer) -> None:
    assert server.request("POST", "/predictions", []).content["data"] == []


def test_every_answer_names_the_model_also_one_that_refuses(server: RunningServer) -> None:
    answers = [server.request("POST", "/predictions", body) for body in ([ROW], "nonsense")]
    assert [(answer.status, answer.headers["x-model-id"]) for answer in answers] == [(200, "m1"), (400, "m1")]


def test_a_model_id_that_no_header_can_hold_is_encoded(model: Path) -> None:
    with running_server("--model", model, environ={"MLOPS_MODEL_ID": "modèle"}) as running:
        answer = running.request("POST", "/predictions", [ROW])
    assert (answer.content["modelId"], answer.headers["x-model-id"]) == ("modèle", "mod%C3%A8le")


def test_info_tells_what_the_model_is(server: RunningServer) -> None:
    info = server.request("GET", "/info").content
    sha256 = info.pop("packageSha256")
    assert re.fullmatch("[0-9a-f]{64}", sha256)
    assert info == {"deploymentId": "d1", "modelId": "m1", "kind": "linear", "features": ["x", "y"]}


def test_ping_answers(server: RunningServer) -> None:
    answer = server.request("GET", "/ping")
    assert (answer.status, answer.content) == (200, {"response": "pong"})


def test_without_ids_the_package_names_the_model(model: Path) -> None:
    with running_server("--model", model) as running:
        content = running.request("POST", "/predictions", []).content
    assert content == {"data": [], "deploymentId": None, "modelId": "model"}


def test_the_environment_names_the_folder_of_the_package(model: Path) -> None:
    with running_server(environ={"PREDICTION_API_MODEL_REPOSITORY_PATH": str(model.parent)}) as running:
        assert running.request("GET", "/ping").status == 200


def test_a_scikit_learn_model_predicts_what_it_predicts_elsewhere(tmp_path: Path) -> None:
    import joblib

    path = write_package(tmp_path / "iris.mlpkg", "sklearn", seed=4)
    with zipfile.ZipFile(path) as archive, archive.open("model.joblib") as file:
        expected = joblib.load(file).predict([[5.1, 3.5, 1.4]]).tolist()
    flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4}
    with running_server("--model", path) as running:
        answer = running.request("POST", "/predictions", [flower])
    assert [row["prediction"] for row in answer.content["data"]] == expected
