"""Puts deployments into the folder that the catalog reads, and takes them out: the model API's hands."""

import re
import shutil
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prediction_server.packages import read_package
from prediction_server.serving import NoDeploymentError

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_ASIDE = ".bosun-aside-"


class UnusableIdError(Exception):
    """An id that cannot be the name of a folder or a scalar of a config file."""


class ModelStore:
    """Writes one sub-folder for each deployment under `root`, which is made if it is missing.

    `moving` is held while a folder is replaced, which takes two steps.
    """

    def __init__(self, root: Path, *, info_file: str) -> None:
        self.moving = threading.Lock()
        self._root = root
        self._info_file = info_file
        root.mkdir(parents=True, exist_ok=True)
        for leftover in root.glob(f"{_ASIDE}*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def put(self, name: str, *, deployment_id: str, model_id: str, package: Iterable[bytes]) -> None:
        """Make or replace the deployment `name` with the package that arrives in pieces.

        Raises:
            UnusableIdError: one of the ids cannot be used.
            PackageError: the package cannot be loaded; nothing was changed.
        """
        for what, value in (("id", name), ("deployment id", deployment_id), ("model id", model_id)):
            _check_id(what, value)
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=self._root, ignore_cleanup_errors=True) as aside:
            made = Path(aside, "new")
            made.mkdir()
            with (made / "model.mlpkg").open("w+b") as file:
                for piece in package:
                    file.write(piece)
                file.seek(0)
                read_package(file)
            ids = f"deployment_id: '{deployment_id}'\nmodel_id: '{model_id}'\n"
            (made / self._info_file).write_text(ids, encoding="utf-8")
            with self.moving:
                with suppress(FileNotFoundError):
                    (self._root / name).rename(Path(aside, "old"))
                made.rename(self._root / name)

    def remove(self, name: str) -> None:
        """Take the deployment `name` out, at once for all who look for it.

        Raises:
            UnusableIdError: the id cannot be one.
            NoDeploymentError: there is none.
        """
        _check_id("id", name)
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=self._root, ignore_cleanup_errors=True) as aside:
            try:
                (self._root / name).rename(Path(aside, "old"))
            except FileNotFoundError:
                raise NoDeploymentError(f"there is no deployment {name}") from None


def _check_id(what: str, value: str) -> None:
    if not _ID.fullmatch(value):
        raise UnusableIdError(
            f"{what} {value[:40]!r} is not usable: "
            "a letter, digit or _ first, then letters, digits, . _ or -, 128 at most"
        )
