"""A package that is not to be had: one line says why."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from package_server import (
    LOOKS_AT_PACKAGE,
    TOKEN,
    Start,
    Web,
    redirect,
    refusal,
    what,
)

if TYPE_CHECKING:
    from tests.core.conftest import Bench


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_without_a_token_names_the_variable(web: Web, start: Start, code: int) -> None:
    web.replies = [refusal(code)]

    assert what(start(web.url(), mlops=web.origin)) == (
        "failing",
        f"{web.url()} may not be fetched ({code}); MLOPS_API_TOKEN is not set",
    )


def test_a_refusal_of_another_host_says_that_the_token_is_not_for_it(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [refusal(401)]

    assert what(start(web.url(), mlops="https://mlops.invalid")) == (
        "failing",
        f"{web.url()} may not be fetched (401); MLOPS_API_TOKEN is sent to the host of mlopsUrl or "
        "MLOPS_BOSUN_MONITORING_URL only, which is another",
    )


def test_a_refusal_of_the_token_asks_to_check_it(web: Web, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [refusal(403)]

    assert what(start(web.url(), mlops=web.origin)) == (
        "failing",
        f"{web.url()} may not be fetched (403); check that MLOPS_API_TOKEN is valid and may read it",
    )


def test_a_token_that_no_header_can_carry_is_refused_unseen(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", "planted\ntoken")

    assert what(start(web.url(), mlops=web.origin)) == (
        "failing",
        "the environment variable MLOPS_API_TOKEN cannot be sent in an HTTP header: it contains a line break, a "
        "control character or a character outside ASCII; set it again",
    )


def test_a_header_that_http_client_refuses_is_told_without_it(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("Invalid header value b'planted'")

    monkeypatch.setattr("bosun_core.web_source.opened", refuse)

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} cannot be requested: a header contains a character that HTTP cannot send; check the URL, and the "
        "proxy variables of this process",
    )


def test_any_other_answer_is_told_with_its_code(web: Web, start: Start) -> None:
    web.replies = [refusal(500)]

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} cannot be fetched: the server answered 500 Internal Server Error",
    )


def test_an_answer_without_a_package_is_no_package(web: Web, start: Start) -> None:
    web.replies = [refusal(204)]

    assert what(start(web.url())) == ("failing", f"{web.url()} brought no package: the server answered 204")


def test_a_redirect_to_a_file_is_not_followed(web: Web, start: Start) -> None:
    web.replies = [redirect("file:///etc/passwd")]

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} redirects in a circle, or to what is not fetched; check the URL",
    )


def test_redirects_in_a_circle_end(web: Web, start: Start) -> None:
    web.replies = [redirect("/model.mlpkg")]

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} redirects in a circle, or to what is not fetched; check the URL",
    )


def test_a_host_that_is_not_known_is_named(start: Start) -> None:
    status, message = what(start("http://no-such-host.invalid/m.mlpkg"))

    assert status == "failing"
    assert message.startswith("cannot find the host of http://no-such-host.invalid/m.mlpkg (")
    assert message.endswith("); check the URL")


def test_a_host_that_refuses_connections_is_named(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else can take the port meanwhile
        port = taken.getsockname()[1]

        assert what(start(f"http://127.0.0.1:{port}/m.mlpkg")) == (
            "failing",
            f"127.0.0.1:{port} refuses connections; check host and port, and that the server runs",
        )


@pytest.mark.parametrize("url", ["http://", "http:///m.mlpkg", "http://host:port/m", "http://a..b/m", "http://a b/m"])
def test_a_url_that_cannot_be_asked_for_is_refused(start: Start, url: str) -> None:
    assert what(start(url)) == ("failing", "modelArtifact is no URL that can be fetched; check its host and port")


def test_a_full_disk_is_told_and_not_left_full(web: Web, bench: Bench, small_disk: Path) -> None:
    plugin = bench.plugin(f"{LOOKS_AT_PACKAGE}\ndef staging_folder(self):\n    return {str(small_disk)!r}\n")

    document = bench.act(plugin, "deployment_start", {"modelArtifact": web.url()})

    assert what(document) == (
        "failing",
        f"cannot write to {small_disk}: No space left on device; make room there, and try again",
    )
    assert list(small_disk.iterdir()) == []
