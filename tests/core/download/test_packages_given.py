"""What a plugin is given of a modelArtifact that is a URL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from package_server import (
    CONTENT,
    LOOKS_AT_PACKAGE,
    Start,
    Web,
    digest,
    refusal,
    what,
    whole,
)

if TYPE_CHECKING:
    from tests.core.conftest import Bench


def test_the_plugin_sees_the_whole_package_under_its_own_name_and_it_is_gone_afterwards(
    web: Web, start: Start, staged: Path
) -> None:
    document = start(web.url("/packages/model-7.mlpkg?signature=abc"))

    assert document["data"] == {"name": "model-7.mlpkg", "folder": str(staged), "digest": digest()}
    assert list(staged.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a%20b.mlpkg", "a_b.mlpkg"),
        ("/a b.mlpkg", "a_b.mlpkg"),
        ("/x/..%2f..%2fetc%2fpasswd.txt", "_.._etc_passwd.txt"),
        ("/archive/", "package.mlpkg"),
        ("/archive", "package.mlpkg"),
        ("/..", "package.mlpkg"),
        ("", "package.mlpkg"),
        ("/" + "n" * 300 + ".mlpkg", "n" * 122 + ".mlpkg"),
    ],
)
def test_the_file_name_is_the_last_part_of_the_path_made_harmless(web: Web, start: Start, path: str, name: str) -> None:
    assert start(web.url(path))["data"]["name"] == name


def test_the_name_that_the_server_gives_counts_for_nothing(web: Web, start: Start) -> None:
    web.replies = [whole(headers={"Content-Disposition": 'attachment; filename="/etc/evil.sh"'})]

    assert start(web.url("/model.mlpkg"))["data"]["name"] == "model.mlpkg"


def test_a_plugin_says_where_its_packages_are_staged(web: Web, bench: Bench, tmp_path: Path) -> None:
    wanted = tmp_path / "base" / ".bosun" / "downloads"
    plugin = bench.plugin(f"{LOOKS_AT_PACKAGE}\ndef staging_folder(self):\n    return {str(wanted)!r}\n")

    document = bench.act(plugin, "deployment_start", {"modelArtifact": web.url()})

    assert document["data"]["folder"] == str(wanted)


def test_the_folder_for_packages_is_its_users_alone(web: Web, start: Start, staged: Path) -> None:
    start(web.url())

    assert staged.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_that_folder_is_refused(web: Web, start: Start, staged: Path, tmp_path: Path) -> None:
    staged.symlink_to(tmp_path)

    assert what(start(web.url())) == (
        "failing",
        f"{staged} is not a folder of this user alone; remove it, or set TMPDIR",
    )


def test_a_dry_run_fetches_nothing(web: Web, bench: Bench) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    return ok(info.model_artifact)")

    document = bench.act(plugin, "deployment_start", {"modelArtifact": web.url()}, dry_run=True)

    assert (document["msg"], web.requests) == (web.url(), [])


def test_password_and_query_of_a_url_are_masked_in_what_a_plugin_says_of_it(bench: Bench) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    return ok(info.model_artifact)")
    url = "https://someone:planted-password@127.0.0.1/model.mlpkg?signature=planted"

    document = bench.act(plugin, "deployment_start", {"modelArtifact": url}, dry_run=True)

    assert document["msg"] == "https://someone:***@127.0.0.1/model.mlpkg?***"


def test_the_package_is_gone_after_a_plugin_that_failed(web: Web, bench: Bench, staged: Path) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    raise ValueError('no')")

    assert bench.act(plugin, "deployment_start", {"modelArtifact": web.url()})["status"] == "failing"
    assert list(staged.iterdir()) == []


def test_a_replacement_whose_package_does_not_come_says_that_the_old_model_serves(web: Web, start: Start) -> None:
    web.replies = [refusal(404)]

    document = start(web.url(), "deployment_replace_model")

    assert document["data"] == {"oldModelInUse": True, "currentModelId": "m1"}


def test_progress_is_reported_from_the_first_byte_to_the_last(web: Web, start: Start, tmp_path: Path) -> None:
    start(web.url(), events=str(tmp_path / "events"))

    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert [event["event"] for event in events] == ["action_started", *["progress"] * len(done), "action_finished"]
    assert {(event["step"], event["total"]) for event in events[1:-1]} == {("downloading", len(CONTENT))}
    assert (done[0], done[-1], sorted(done)) == (0, len(CONTENT), done)
