"""Who sees the token of a package's server, and who does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from package_server import (
    HALF,
    TOKEN,
    Start,
    Web,
    digest,
    redirect,
    refusal,
    what,
    whole,
)


def test_the_token_goes_to_the_host_of_mlops_url(web: Web, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)

    start(web.url(), mlops=f"{web.origin}/api/v2")

    assert web.asked("Authorization") == [(f"Bearer {TOKEN}",)]


@pytest.mark.parametrize(
    "mlops", [None, "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1", "x"]
)
def test_the_token_goes_to_no_other_scheme_host_or_port(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch, mlops: str | None
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)

    start(web.url(), mlops=mlops and mlops.format(port=web.server_port))

    assert web.asked("Authorization") == [(None,)]


@pytest.mark.parametrize(
    ("sent", "is_shown"),
    [
        ({"MLOPS_BOSUN_MONITORING_URL": "{web}/"}, True),
        ({"mlopsUrl": "", "MLOPS_BOSUN_MONITORING_URL": "{web}"}, True),
        ({"mlopsUrl": None, "MLOPS_BOSUN_MONITORING_URL": "{web}"}, True),
        ({"mlopsUrl": "{web}", "MLOPS_BOSUN_MONITORING_URL": "{web}"}, True),
        ({"mlopsUrl": "{web}", "MLOPS_BOSUN_MONITORING_URL": "https://other.invalid"}, True),
        ({"mlopsUrl": "https://other.invalid", "MLOPS_BOSUN_MONITORING_URL": "{web}"}, False),
        ({"MLOPS_BOSUN_MONITORING_URL": "https://other.invalid"}, False),
        ({"MLOPS_BOSUN_MONITORING_URL": ""}, False),
    ],
)
def test_the_token_goes_to_the_service_by_either_name_and_to_the_first_that_is_set(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch, sent: dict[str, str | None], is_shown: bool
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)

    start(web.url(), plugin_config={key: value and str(value).format(web=web.origin) for key, value in sent.items()})

    assert web.asked("Authorization") == [(f"Bearer {TOKEN}" if is_shown else None,)]


def test_a_redirect_to_another_host_does_not_take_the_token_along(
    web: Web, other_web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [redirect(other_web.url("/stored.bin"))]

    document = start(web.url(), mlops=web.origin)

    assert document["data"]["digest"] == digest()
    assert (web.asked("Authorization"), other_web.asked("Authorization")) == ([(f"Bearer {TOKEN}",)], [(None,)])


def test_a_redirect_within_the_host_of_mlops_url_keeps_the_token(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [redirect("/elsewhere.mlpkg"), whole()]

    start(web.url(), mlops=web.origin)

    assert web.asked("Authorization") == [(f"Bearer {TOKEN}",)] * 2


def test_a_resumed_fetch_through_a_redirect_asks_for_the_rest(web: Web, other_web: Web, start: Start) -> None:
    web.replies = [redirect(other_web.url("/stored.bin"))]
    other_web.replies = [whole(upto=HALF), whole()]

    assert start(web.url())["data"]["digest"] == digest()
    assert other_web.asked("Range") == [(None,), (f"bytes={HALF - 1}-",)]


def test_user_and_password_of_a_url_go_to_its_host_and_into_no_message(
    web: Web, other_web: Web, start: Start, tmp_path: Path
) -> None:
    web.replies = [redirect(other_web.url("/stored.bin"))]
    other_web.replies = [refusal(404)]
    url = web.url().replace("//", "//someone:planted-password@")

    document = start(url, events=str(tmp_path / "events"))

    assert what(document) == ("failing", f"modelArtifact {web.url()} is not there (404); check the URL")
    assert web.asked("Authorization") == [("Basic c29tZW9uZTpwbGFudGVkLXBhc3N3b3Jk",)]
    assert other_web.asked("Authorization") == [(None,)]
    assert "planted-password" not in (tmp_path / "events").read_text()


def test_the_query_of_a_url_which_may_be_signed_is_in_no_message(web: Web, start: Start) -> None:
    web.replies = [refusal(410)]

    document = start(web.url("/m.mlpkg?signature=planted"))

    assert document["msg"] == f"modelArtifact {web.url('/m.mlpkg')} is not there (410); check the URL"
