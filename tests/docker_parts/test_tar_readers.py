"""Whatever an archive holds: Go's archive/tar and Python's tarfile read of it what Bosun does, or Bosun refuses it.

What the engine is sent is read alike by all of them, and gives no image but ours a name.
"""

import io
import json
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

import pytest
from bosun_core.model_sources.image_archives import recognised
from bosun_core.model_sources.tars import Tar, Unusable
from bosun_core.packages import measured
from bosun_docker.images.naming import named
from hostile_tars import VICTIM, archives, image_archives
from hypothesis import HealthCheck, event, given, settings
from tar_readers import Entry, GoReader, entry, read_by_python

NAME = "ours:1"
pytestmark = pytest.mark.timeout(1200)
MANY = 10 if "BOSUN_THOROUGH" in os.environ else 1
WRITTEN_ANEW = ("manifest.json", "index.json", "oci-layout")


def examples(number: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number * MANY, deadline=None, suppress_health_check=checks)


@pytest.fixture(scope="module")
def go() -> Iterator[GoReader]:
    reader = GoReader()
    yield reader
    reader.close()


def entries(archive: bytes) -> list[Entry]:
    tar = Tar(io.BytesIO(archive))
    return [entry(one.name, one.kind, one.size, one.link, b"".join(tar.content())) for one in tar]


@examples(1000)
@given(archive=archives())
def test_what_is_accepted_is_read_alike_by_others(go: GoReader, archive: bytes) -> None:
    try:
        own = entries(archive)
    except Unusable as error:
        event(f"refused: {str(error)[:60]}")
        return
    event("accepted")
    for found in (go.read(archive), read_by_python(archive)):
        assert found is None or found == own


@examples(600)
@given(archive=image_archives())
def test_what_the_engine_is_sent_names_no_image_but_ours(go: GoReader, archive: bytes, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(archive)
    package = measured(path)
    try:
        is_image = recognised(package, float("inf")) is not None
    except Unusable as error:
        event(f"refused: {str(error)[:60]}")
        return
    event("accepted" if is_image else "not taken for an image archive")
    if not is_image:
        return
    sent = b"".join(named(package, NAME))
    found = entries(sent)
    assert (go.read(sent), read_by_python(sent)) == (found, found)
    assert VICTIM not in str([one for one in found if one.name in WRITTEN_ANEW])
    (manifest,) = [json.loads(one.content) for one in found if one.name == "manifest.json"]
    assert [one["RepoTags"] for one in manifest] == [[NAME]]
    assert "repositories" not in {one.name for one in found}
    brought = [(posixpath.normpath(one.name), one.kind, one.content) for one in entries(archive)]
    not_kept = (*WRITTEN_ANEW, "repositories", ".")
    assert [one for one in brought if one[0] not in not_kept] == [
        (one.name, one.kind, one.content) for one in found if one.name not in WRITTEN_ANEW
    ]
