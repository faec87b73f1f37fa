"""The route files, read from a tar archive as Python's own tarfile reads them."""

import io
import tarfile

from bosun_docker.images import archives
from bosun_docker.looks.route_archive import files_in
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=80)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=1200)


@given(st.dictionaries(NAMES, TEXTS, max_size=6), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_files_read_back_whoever_wrote_the_archive(files: dict[str, str], how: int) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=how) as archive:
        archive.addfile(_member("routes", tarfile.DIRTYPE))
        for name, text in files.items():
            member = tarfile.TarInfo(f"routes/{name}")
            member.size, member.mtime = len(text.encode()), 1.5  # PAX has a record of its own for half a second
            archive.addfile(member, io.BytesIO(text.encode()))
    assert files_in(buffer.getvalue()) == files


def test_files_that_we_wrote_read_back() -> None:
    assert files_in(archives.of_files({"a.yml": "{}\n", "b.yml": "é"})) == {"a.yml": "{}\n", "b.yml": "é"}


def test_folders_and_links_are_no_files() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(_member("routes", tarfile.DIRTYPE))
        archive.addfile(_member("routes/a.yml", tarfile.SYMTYPE))
    assert files_in(buffer.getvalue()) == {}


def test_an_archive_that_is_cut_off_is_no_fault() -> None:
    whole = archives.of_files({"a.yml": "{}\n" * 400})
    assert {name for end in range(0, len(whole), 100) for name in files_in(whole[:end])} <= {"a.yml"}


def _member(name: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member
