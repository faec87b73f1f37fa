"""The example prediction server with many models: the folder of deployments, and the model API."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prediction_server.faults import Faults
from prediction_server.info_file import InfoFileError, read_ids
from prediction_server.launch import Answer, RunningServer, ServerDidNotStartError, running_server
from prediction_server.make_package import write_package
from prediction_server.serving import load_folder


def package(path: Path, score: float, **manifest: Any) -> Path:
    """A package that predicts `score` whatever it is given."""
    constant = {"kind": "linear", "features": [], "coefficients": [], "intercept": score}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(constant | manifest))
    return path


def folder(path: Path, deployment_id: str, model_id: str, score: float = 0, **manifest: Any) -> Path:
    """A deployment's folder, made aside and renamed into its place."""
    aside = path.with_name(f".aside-{path.name}-{model_id}")
    aside.mkdir()
    package(aside / f"{model_id}.mlpkg", score, **manifest)
    (aside / "config.yml").write_text(yaml.safe_dump({"deployment_id": deployment_id, "model_id": model_id}))
    return aside.rename(path)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders in one step."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        pytest.skip("this C library has no renameat2")
    here, rename_exchange = -100, 2
    if library.renameat2(here, os.fsencode(one), here, os.fsencode(other), rename_exchange):
        raise OSError(ctypes.get_errno(), "renameat2")


def until(check: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `check` holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


def ask(server: RunningServer, name: str) -> Answer:
    return server.request("POST", f"/deployments/{name}/predictions", [{}])


def scored(deployment_id: str, model_id: str, score: float) -> dict[str, object]:
    """What a prediction request is answered with."""
    data = [{"prediction": score, "rowId": 0}]
    return {"data": data, "deploymentId": deployment_id, "modelId": model_id}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "deployments"
    path.mkdir()
    return path


@pytest.fixture
def server(root: Path) -> Iterator[RunningServer]:
    with running_server("--deployments", root) as running:
        yield running


# --- the folder of deployments


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


# --- changes on disk


def test_a_folder_that_is_removed_is_gone_at_once(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1")
    before = ask(server, "d1").status
    shutil.rmtree(root / "d1")
    assert (before, ask(server, "d1").status) == (200, 404)


def test_a_replaced_folder_is_served_by_the_next_request(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", 1)
    before = ask(server, "d1").content
    exchange(root / "d1", folder(root / ".new", "d1", "m2", 2))
    assert (before, ask(server, "d1").content) == (scored("d1", "m1", 1), scored("d1", "m2", 2))


def test_a_package_that_is_mended_is_served(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", kind="quantum")
    before = ask(server, "d1").status
    exchange(root / "d1", folder(root / ".new", "d1", "m1", 2))
    assert (before, ask(server, "d1").content) == (500, scored("d1", "m1", 2))


def test_no_answer_mixes_two_models_while_folders_are_replaced(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m0", 0)
    replacing = threading.Event()
    seen: list[tuple[int, object, object]] = []

    def keep_asking() -> None:
        while not replacing.is_set():
            answer = ask(server, "d1")
            content = answer.content
            seen.append((answer.status, content.get("modelId"), content.get("data", [{}])[0].get("prediction")))

    def saw(model_id: str) -> bool:
        return bool(seen) and seen[-1][1] == model_id

    askers = [threading.Thread(target=keep_asking) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        until(partial(saw, "m0"))
        for number in range(1, 101):
            new = folder(root / ".new", "d1", f"m{number}", number)
            exchange(root / "d1", new)
            shutil.rmtree(new)
            until(partial(saw, f"m{number}"))
    finally:
        replacing.set()
        for asker in askers:
            asker.join()
    assert set(seen) == {(200, f"m{number}", float(number)) for number in range(101)}


@pytest.mark.parametrize("cleared", [False, True])
def test_a_folder_that_is_replaced_between_its_two_files_gives_a_pair(
    root: Path, monkeypatch: pytest.MonkeyPatch, cleared: bool
) -> None:
    old, new = folder(root / "d1", "d1", "m1", 1), folder(root / ".new", "d1", "m2", 2)

    def replaced_meanwhile(content: bytes) -> tuple[str, str]:
        monkeypatch.undo()
        exchange(old, new)
        if cleared:
            shutil.rmtree(new)
        return read_ids(content)

    monkeypatch.setattr("prediction_server.serving.read_ids", replaced_meanwhile)
    serving = load_folder(root / "d1", "config.yml", Faults()).serving
    assert serving is not None
    pair = (serving.model_id, serving.package.model.score([{}]))
    assert pair == (("m2", [2.0]) if cleared else ("m1", [1.0]))


def test_the_old_model_serves_while_the_new_one_loads(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", 1)
    ask(server, "d1")
    exchange(root / "d1", folder(root / ".new", "d1", "m2", 2, faults={"load_seconds": 1}))
    assert ask(server, "d1").content == scored("d1", "m1", 1)
    until(lambda: ask(server, "d1").content == scored("d1", "m2", 2))


def test_a_new_model_is_a_503_until_it_has_loaded(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", 1, faults={"load_seconds": 1})
    answer = ask(server, "d1")
    assert (answer.status, answer.content) == (503, {"message": "deployment d1 is loading its model"})
    assert server.request("GET", "/deployments/d1/ping").status == 503
    until(lambda: ask(server, "d1").content == scored("d1", "m1", 1))


# --- deployments that cannot be served


def break_info(deployment: Path) -> None:
    (deployment / "config.yml").write_text("deployment_id: d1\n")


def take_package(deployment: Path) -> None:
    (deployment / "m1.mlpkg").unlink()


def add_package(deployment: Path) -> None:
    package(deployment / "m2.mlpkg", 1)


def break_package(deployment: Path) -> None:
    with zipfile.ZipFile(deployment / "m1.mlpkg", "w") as archive:
        archive.writestr("model.json", "{")


@pytest.mark.parametrize(
    ("breaks", "reason"),
    [
        (break_info, "config.yml: model_id is missing, or no text"),
        (take_package, "the folder holds no model package"),
        (add_package, "the folder holds several model packages: m1.mlpkg, m2.mlpkg"),
        (break_package, "model.json is no JSON: "),
    ],
)
def test_a_deployment_that_cannot_load_is_a_500_and_the_others_serve(
    root: Path, server: RunningServer, breaks: Callable[[Path], None], reason: str
) -> None:
    breaks(folder(root / "d1", "d1", "m1"))
    folder(root / "d2", "d2", "m2", 2)
    broken = ask(server, "d1")
    assert broken.status == 500
    assert broken.content["message"].startswith(f"deployment d1 cannot load: {reason}")
    assert ask(server, "d2").content == scored("d2", "m2", 2)


def test_a_package_may_fail_its_own_health_check_only(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", faults={"fail_ping": True})
    folder(root / "d2", "d2", "m2")
    paths = ["/deployments/d1/ping", "/deployments/d2/ping", "/ping"]
    assert [server.request("GET", path).status for path in paths] == [503, 200, 200]


def test_a_package_that_crashes_takes_the_server_with_it(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", faults={"crash_at_start": True})
    with pytest.raises(OSError, match=r"closed|reset"):
        ask(server, "d1")
    assert server.process.wait(20) == 70


def test_a_server_that_loads_says_so_for_all(root: Path) -> None:
    folder(root / "d1", "d1", "m1", 1)
    with running_server("--deployments", root, "--load-seconds", "1") as running:
        assert [ask(running, "d1").status, running.request("GET", "/ping").status] == [503, 503]
        until(lambda: running.request("GET", "/ping").status == 200)
        assert ask(running, "d1").content == scored("d1", "m1", 1)


# --- the model API


def post(server: RunningServer, name: str, content: bytes, query: str = "modelId=m1") -> Answer:
    return server.request("POST", f"/deployments/{name}?{query}", content, content_type="application/octet-stream")


def of(tmp_path: Path, score: float, **manifest: Any) -> bytes:
    """The bytes of a package."""
    return package(tmp_path / "sent.mlpkg", score, **manifest).read_bytes()


@pytest.fixture
def store(root: Path) -> Iterator[RunningServer]:
    with running_server("--models", root) as running:
        yield running


def test_a_posted_model_is_served(store: RunningServer, tmp_path: Path) -> None:
    answer = post(store, "d1-g1", of(tmp_path, 1), "modelId=m1&deploymentId=d1")
    entry = {"id": "d1-g1", "status": "ready", "deploymentId": "d1", "modelId": "m1"}
    assert (answer.status, answer.content) == (201, entry)
    assert ask(store, "d1-g1").content == scored("d1", "m1", 1)


def test_a_posted_model_is_kept_in_the_folder_as_others_put_it_there(
    store: RunningServer, root: Path, tmp_path: Path
) -> None:
    post(store, "d1", of(tmp_path, 1))
    folder(root / "d2", "d2", "m2", 2)
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert files == ["d1/config.yml", "d1/model.mlpkg", "d2/config.yml", "d2/m2.mlpkg"]
    listed = store.request("GET", "/deployments").content["deployments"]
    assert [(entry["id"], entry["modelId"]) for entry in listed] == [("d1", "m1"), ("d2", "m2")]


def test_a_restarted_server_still_has_everything(root: Path, tmp_path: Path) -> None:
    with running_server("--models", root) as first:
        post(first, "d1", of(tmp_path, 1))
        first.stop(signal.SIGKILL)
    with running_server("--models", root) as second:
        assert ask(second, "d1").content == scored("d1", "m1", 1)


def test_a_model_that_is_posted_again_is_replaced(store: RunningServer, tmp_path: Path) -> None:
    post(store, "d1", of(tmp_path, 1))
    post(store, "d1", of(tmp_path, 2), "modelId=m2")
    assert ask(store, "d1").content == scored("d1", "m2", 2)


def test_no_request_misses_while_a_model_is_posted_again(store: RunningServer, tmp_path: Path) -> None:
    content = of(tmp_path, 1)
    post(store, "d1", content)
    done = threading.Event()
    seen: set[int] = set()

    def keep_asking() -> None:
        while not done.is_set():
            seen.add(ask(store, "d1").status)

    asker = threading.Thread(target=keep_asking)
    asker.start()
    try:
        for _ in range(100):
            post(store, "d1", content)
    finally:
        done.set()
        asker.join()
    assert seen == {200}


def test_a_large_package_is_posted_without_filling_the_memory(store: RunningServer, tmp_path: Path) -> None:
    path = write_package(tmp_path / "large.mlpkg", "opaque", size=200_000_000)
    assert post(store, "d1", path.read_bytes()).status == 201
    status = Path(f"/proc/{store.process.pid}/status").read_text()
    (peak_kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    assert int(peak_kib) < 100_000


def test_a_deleted_model_is_gone(store: RunningServer, root: Path, tmp_path: Path) -> None:
    post(store, "d1", of(tmp_path, 1))
    answer = store.request("DELETE", "/deployments/d1")
    assert (answer.status, answer.content, list(root.iterdir())) == (200, {"id": "d1"}, [])
    assert (ask(store, "d1").status, store.request("DELETE", "/deployments/d1").status) == (404, 404)


def test_a_package_that_cannot_load_is_refused_and_leaves_the_old_one(
    store: RunningServer, root: Path, tmp_path: Path
) -> None:
    post(store, "d1", of(tmp_path, 1))
    answer = post(store, "d1", of(tmp_path, 2, kind="quantum"))
    expected = {"message": "model.json: kind 'quantum' is not one of linear, opaque, sklearn"}
    assert (answer.status, answer.content) == (400, expected)
    assert ask(store, "d1").content == scored("d1", "m1", 1)
    assert [path.name for path in root.iterdir()] == ["d1"]


def test_a_body_that_breaks_off_leaves_nothing(store: RunningServer, root: Path) -> None:
    address = urlsplit(store.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(b"POST /deployments/d1?modelId=m HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12) == b"HTTP/1.1 400"
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "query", "message"),
    [
        ("d1", "", "the query parameter modelId is missing"),
        ("..", "modelId=m", "id '..' is not usable: "),
        ("d1", "modelId=a'b", 'model id "a\'b" is not usable: '),
        ("d1", "modelId=m&deploymentId=a%0Ab", r"deployment id 'a\nb' is not usable: "),
    ],
)
def test_an_id_that_cannot_be_used_is_a_400(
    store: RunningServer, root: Path, name: str, query: str, message: str
) -> None:
    answer = post(store, name, b"opaque", query)
    assert (answer.status, list(root.iterdir())) == (400, [])
    assert answer.content["message"].startswith(message)


def test_without_the_model_api_the_folder_is_all_there_is(root: Path) -> None:
    folder(root / "d1", "d1", "m1", 1)
    with running_server("--models", root, "--no-model-api") as running:
        changes = [post(running, "d1", b"opaque").status, running.request("DELETE", "/deployments/d1").status]
        assert changes == [405, 405]
        assert ask(running, "d1").content == scored("d1", "m1", 1)


def test_a_folder_of_deployments_alone_has_no_model_api(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", 1)
    assert server.request("DELETE", "/deployments/d1").status == 405
    assert ask(server, "d1").status == 200


# --- the info file, with PyYAML and without

IDS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True)


@contextlib.contextmanager
def no_yaml() -> Iterator[None]:
    """PyYAML, as if it were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "yaml", None)
        yield


def both_ways(text: str) -> list[tuple[str, str]]:
    with no_yaml():
        without = read_ids(text.encode())
    return [read_ids(text.encode()), without]


@given(IDS, IDS, st.text())
def test_ids_come_back_as_they_were_dumped(deployment_id: str, model_id: str, other: str) -> None:
    values = {"deployment_id": deployment_id, "model_id": model_id, "z": [other, {"a": "b"}]}
    text = yaml.safe_dump(values)
    assert both_ways(text) == [(deployment_id, model_id)] * 2


@pytest.mark.parametrize("written", ["0777", "1e5", "no", "12:30:45", "0x2345", "1_000", "2026-01-01"])
def test_an_id_that_yaml_would_take_for_something_else_is_text(written: str) -> None:
    assert both_ways(f"deployment_id: {written}\nmodel_id: {written}  # so\n") == [(written, written)] * 2


@pytest.mark.parametrize(
    "text",
    [
        "# comment\n---\nmodel_id: 'm''1'\ndeployment_id: \"d\\t1\" # comment\n",
        "\ufeffdeployment_id: d\t1\nmodel_id: m'1\n".replace("d\t1", '"d\\t1"'),
        'nested:\n  model_id: other\n  list:\n  - 1\nlist:\n- a\n- b\nmodel_id: m\'1\ndeployment_id: "d\\t1"\n',
    ],
)
def test_both_readers_read_the_same(text: str) -> None:
    assert both_ways(text) == [("d\t1", "m'1")] * 2


@pytest.mark.parametrize(
    "text",
    ["", "- a\n", "deployment_id: d\n", "deployment_id: d\nmodel_id:\n  a: b\n", "deployment_id: d\nmodel_id: [m]\n"],
)
def test_an_info_file_without_both_ids_is_refused_both_ways(text: str) -> None:
    with pytest.raises(InfoFileError):
        read_ids(text.encode())
    with no_yaml(), pytest.raises(InfoFileError):
        read_ids(text.encode())
