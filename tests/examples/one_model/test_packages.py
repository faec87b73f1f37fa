"""Model packages: made, read and refused."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from one_model import package
from prediction_server.faults import Faults
from prediction_server.launch import ServerDidNotStartError, running_server
from prediction_server.make_package import TooSmallError, write_package
from prediction_server.serving import load_file


@pytest.mark.parametrize("kind", ["sklearn", "linear", "opaque"])
def test_another_seed_is_another_model(tmp_path: Path, kind: str) -> None:
    record = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "x": 1, "y": 2}

    def score(seed: int) -> float:
        path = write_package(tmp_path / "m.mlpkg", kind, seed=seed)
        loaded = load_file(path, deployment_id=None, model_id=None, faults=Faults())
        (prediction,) = loaded.package.model.score([record])
        return float(prediction)

    scores = [score(seed) for seed in range(4)]
    assert len({round(value, 2) for value in scores}) == 4


def test_the_same_seed_is_the_same_package(tmp_path: Path) -> None:
    one, two = (write_package(tmp_path / name, "linear", seed=7, size=5000) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("kind", ["sklearn", "linear", "opaque"])
def test_a_package_is_made_as_large_as_asked(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-m", "prediction_server.make_package", "--kind", kind, "--size", "1500000"]
    path = tmp_path / "m.mlpkg"
    subprocess.run([*command, str(path), "--fault", "fail_ping=true"], check=True)
    assert path.stat().st_size == 1_500_000
    assert load_file(path, deployment_id=None, model_id=None, faults=Faults()).faults == Faults(fail_ping=True)


def test_a_package_cannot_be_smaller_than_its_model(tmp_path: Path) -> None:
    with pytest.raises(TooSmallError, match="bytes or more, not 10"):
        write_package(tmp_path / "m.mlpkg", "linear", size=10)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"kind": "quantum"}, "kind 'quantum' is not one of linear, opaque, sklearn"),
        ({"format": 2}, "format 2 is not known here, only 1"),
        ({"features": "x"}, "features is no list of names"),
        ({"coefficients": [1]}, "coefficients is no list of 2 numbers, one a feature"),
        ({"coefficients": [1, "2"]}, "'2' is no finite number"),
        ({"coefficients": [1, 10**400]}, "is no finite number"),
        ({"faults": {"explode": True}}, "there is no fault 'explode'"),
        ({"faults": {"load_seconds": -1}}, "fault load_seconds: give seconds from 0 to 86400, not -1"),
        ({"kind": "sklearn", "model": "gone.joblib"}, "names 'gone.joblib', which the package does not hold"),
        ({"kind": "sklearn", "model": "model.json"}, "model.json cannot be loaded: "),
    ],
)
def test_a_package_that_cannot_load_ends_the_start_with_one_line(
    tmp_path: Path, manifest: dict[str, object], reason: str
) -> None:
    path = package(tmp_path / "bad.mlpkg", **manifest)
    with pytest.raises(ServerDidNotStartError) as error, running_server("--model", path):
        pass
    line, nothing = error.value.stderr.split("\n")
    assert (error.value.exit_code, nothing) == (1, "")
    assert line.startswith(f"bosun-prediction-server: cannot load {path}: ")
    assert reason in line


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "the folder holds no model package"),
        (["a.mlpkg", "b.mlpkg"], "the folder holds several model packages: a.mlpkg, b.mlpkg"),
    ],
)
def test_a_folder_without_the_one_package_ends_the_start(tmp_path: Path, names: list[str], reason: str) -> None:
    for name in names:
        package(tmp_path / name)
    with pytest.raises(ServerDidNotStartError, match=reason), running_server("--model", tmp_path):
        pass


def test_a_file_that_is_no_package_of_ours_is_an_opaque_model(tmp_path: Path) -> None:
    path = tmp_path / "model.jar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some/other.file", "")
    with running_server("--model", path) as running:
        answer = running.request("POST", "/predictions", [{"any": "thing"}, {}])
    first, second = (row["prediction"] for row in answer.content["data"])
    assert first == second
    assert 0 <= first <= 1
