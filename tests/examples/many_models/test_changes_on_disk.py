"""Changes of the folder while the server runs."""

import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from many_models import ask, exchange, folder, scored
from prediction_server.faults import Faults
from prediction_server.info_file import read_ids
from prediction_server.launch import RunningServer
from prediction_server.serving import load_folder


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


def test_no_answer_mixes_two_models_while_folders_are_replaced(
    root: Path, server: RunningServer, until: Callable[..., Any]
) -> None:
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
        until(partial(saw, "m0"), pause=0.01)
        for number in range(1, 101):
            new = folder(root / ".new", "d1", f"m{number}", number)
            exchange(root / "d1", new)
            shutil.rmtree(new)
            until(partial(saw, f"m{number}"), pause=0.01)
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


def test_the_old_model_serves_while_the_new_one_loads(
    root: Path, server: RunningServer, until: Callable[..., Any]
) -> None:
    folder(root / "d1", "d1", "m1", 1)
    ask(server, "d1")
    exchange(root / "d1", folder(root / ".new", "d1", "m2", 2, faults={"load_seconds": 1}))
    assert ask(server, "d1").content == scored("d1", "m1", 1)
    until(lambda: ask(server, "d1").content == scored("d1", "m2", 2))


def test_a_new_model_is_a_503_until_it_has_loaded(root: Path, server: RunningServer, until: Callable[..., Any]) -> None:
    folder(root / "d1", "d1", "m1", 1, faults={"load_seconds": 1})
    answer = ask(server, "d1")
    assert (answer.status, answer.content) == (503, {"message": "deployment d1 is loading its model"})
    assert server.request("GET", "/deployments/d1/ping").status == 503
    until(lambda: ask(server, "d1").content == scored("d1", "m1", 1))
