"""What answers in the place of a registry and is none is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_k8s.images.registry import Registry
from bosun_k8s.images.transport import Transport
from k8s_goals import settings_of
from stub_api import answering

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda registry: registry.manifest("models", "m-A"), "answers with no manifest; is it a registry?"),
        (lambda registry: registry.json_blob("models", DIGEST), "answers with no configuration; is it a registry?"),
        (lambda registry: registry.mount("models", DIGEST, "pps"), "gives no place for an upload; is it a registry?"),
        (
            lambda registry: registry.upload("models", 1, lambda offset: iter([b"x"])),
            "gives no place for an upload; is it a registry?",
        ),
    ],
    ids=["manifest", "configuration", "mount", "upload"],
)
def test_a_web_server_in_the_place_of_a_registry(call: Callable[[Registry], Any], told: str) -> None:
    with answering(lambda *_asked: (200, b"<html>welcome</html>")) as server:
        name = server.removeprefix("http://")
        registry = Registry(Transport(settings_of(plainHttpRegistries=[name]), name, None, []))
        with pytest.raises(EnvironmentFailure) as caught:
            call(registry)
    assert str(caught.value) == f"the registry {name} {told}"
