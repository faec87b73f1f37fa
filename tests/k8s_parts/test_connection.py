"""What is told of an API server that answers wrongly, or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acting import Act, acting
from k8s_goals import NEEDED
from stub_api import answering, write_kubeconfig


@pytest.fixture
def leading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Act]:
    """Makes what runs actions with a kubeconfig that leads to a server."""

    def lead(server: str) -> Act:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig", server)))
        return acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    return lead


@pytest.mark.parametrize("action", ["plugin_start", "deployment_list", "deployment_status"])
@pytest.mark.parametrize("content", [b"<html>welcome</html>", b'"welcome"'])
def test_a_server_that_is_no_api_server_is_told(leading: Callable[[str], Act], action: str, content: bytes) -> None:
    with answering(lambda _method, _path: (200, content)) as server:
        status: dict[str, Any] = leading(server)(action, {"id": "d1", "modelId": "A"})
    assert status["status"] == "failing"
    assert status["msg"] == (
        f"{server} answers with no document of Kubernetes; correct the kubeconfig's server, or what stands before it"
    )
