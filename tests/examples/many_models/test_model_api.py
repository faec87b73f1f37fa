"""The model API: models that are posted and deleted."""

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from many_models import ask, folder, package, scored
from prediction_server.launch import Answer, RunningServer, running_server
from prediction_server.make_package import write_package


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
