"""Tar archives, in both directions."""

import io
import tarfile

import pytest

from bosun_docker import archives


def test_small_files_read_back() -> None:
    assert archives.files_in(archives.of_files({"a.yml": "{}\n", "b.yml": "é"})) == {"a.yml": "{}\n", "b.yml": "é"}


@pytest.mark.parametrize("size", [1, 511, 512, 513, 3_000_000])
def test_a_streamed_file_is_a_whole_archive(size: int) -> None:
    content = b"x" * size
    pieces = [content[start : start + 1000] for start in range(0, size, 1000)]
    archive = b"".join(archives.of_one("opt/ml/model/model.mlpkg", size, pieces))
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        (member,) = opened.getmembers()
        assert (member.name, member.mode, opened.extractfile(member).read()) == (
            "opt/ml/model/model.mlpkg",
            0o644,
            content,
        )


def test_folders_and_links_of_an_archive_are_no_files() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (("routes", tarfile.DIRTYPE), ("routes/a.yml", tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert archives.files_in(buffer.getvalue()) == {}
