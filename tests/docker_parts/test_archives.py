"""Tar archives, in both directions."""

import io
import tarfile

import pytest
from bosun_docker.images import archives
from bosun_docker.images.archives import Member


@pytest.mark.parametrize("size", [1, 511, 512, 513, 3_000_000])
def test_a_streamed_file_is_a_whole_archive(size: int) -> None:
    content = b"x" * size
    pieces = [content[start : start + 1000] for start in range(0, size, 1000)]
    archive = b"".join(archives.streamed([Member("opt/ml/model/model.mlpkg", size, pieces)]))
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        (member,) = opened.getmembers()
        assert (member.name, member.mode, opened.extractfile(member).read()) == (
            "opt/ml/model/model.mlpkg",
            0o644,
            content,
        )


def test_a_streamed_archive_holds_folders_and_files_in_their_order() -> None:
    members = [Member("m", mode=0o777), Member("m/a", 3, [b"abc"]), Member("m/b", 0, [])]
    with tarfile.open(fileobj=io.BytesIO(b"".join(archives.streamed(members)))) as opened:
        assert [(one.name, one.isdir(), one.mode, one.size) for one in opened] == [
            ("m", True, 0o777, 0),
            ("m/a", False, 0o644, 3),
            ("m/b", False, 0o644, 0),
        ]


@pytest.mark.parametrize("piece", [1, 700, 10_240, 5_000_000])
def test_the_only_file_of_an_archive_is_read_however_it_is_cut(piece: int) -> None:
    content = bytes(range(256)) * 9_000
    whole = b"".join(archives.streamed([Member("old.mlpkg", len(content), [content])]))
    found = archives.only_file([whole[start : start + piece] for start in range(0, len(whole), piece)], "new")
    assert (found.name, found.size, b"".join(found.content)) == ("new", len(content), content)


def test_an_archive_without_a_file_is_told() -> None:
    with pytest.raises(ValueError, match="no file"):
        archives.only_file(archives.streamed([Member("folder")]), "new")
