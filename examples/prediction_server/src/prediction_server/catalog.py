"""The folder of deployments: finds the model of a deployment, as it is on disk at this moment."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from prediction_server.faults import Faults
from prediction_server.serving import (
    FolderContent,
    Identity,
    NoDeploymentError,
    Serving,
    identify,
    load_folder,
)


class NotServingError(Exception):
    """The deployment is there but does not answer: its model is loading, or cannot be loaded."""

    def __init__(self, message: str, *, loading: bool) -> None:
        super().__init__(message)
        self.loading = loading


@dataclass(frozen=True)
class _State:
    """What was last seen in a folder, and what answered before it while that still loads."""

    content: FolderContent
    former: Serving | None = None

    def answering(self) -> Serving | None:
        serving = self.content.serving
        return serving if serving is None or serving.is_ready() else self.former


@dataclass
class _Slot:
    """A deployment's place in memory: a state is replaced as a whole, by the one who holds the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    state: _State | None = None


class Catalog:
    """The deployments in the sub-folders of one folder, by the sub-folders' names.

    It notices what changes on disk by comparing a folder's identity at each request. A folder's content has
    to be put in place in one step (a rename, an exchange) or have its info file written last.

    Args:
        root: the folder that holds one sub-folder for each deployment.
        info_file: the name of the file with a deployment's ids.
        faults: those of the server; a package's own come on top.
        moving: held by whoever replaces a folder in more than one step.
        on_load: called with each model that was loaded.
    """

    def __init__(
        self,
        root: Path,
        *,
        info_file: str,
        faults: Faults,
        moving: AbstractContextManager[object],
        on_load: Callable[[Serving], None],
    ) -> None:
        self._root = root
        self._info_file = info_file
        self._faults = faults
        self._moving = moving
        self._on_load = on_load
        self._slots: dict[str, _Slot] = {}

    def names(self) -> list[str]:
        """Return the names of the deployments, sorted."""
        return sorted(
            folder.name
            for folder in self._root.iterdir()
            if not folder.name.startswith(".") and (folder / self._info_file).is_file()
        )

    def find(self, name: str) -> Serving:
        """Return what serves the deployment `name` now.

        While a changed folder loads, what it held before goes on serving.

        Raises:
            NoDeploymentError: there is none.
            NotServingError: its model is loading, or cannot be loaded.
        """
        identity = self._identify(name)
        slot = self._slots.setdefault(name, _Slot())
        state = slot.state
        if state is None or state.content.identity != identity:
            state = self._refresh(name, slot)
        if (serving := state.answering()) is not None:
            return serving
        if state.content.serving is not None:
            raise NotServingError(f"deployment {name} is loading its model", loading=True)
        raise NotServingError(f"deployment {name} cannot load: {state.content.problem}", loading=False)

    def _identify(self, name: str) -> Identity:
        if name.startswith(".") or "/" in name or not name:
            raise NoDeploymentError(f"there is no deployment {name}")
        try:
            return identify(self._root / name, self._info_file)
        except NoDeploymentError:
            # It may be missing only for the moment between the two steps of a replacement.
            with self._moving:
                try:
                    return identify(self._root / name, self._info_file)
                except NoDeploymentError:
                    self._slots.pop(name, None)
                    raise

    def _refresh(self, name: str, slot: _Slot) -> _State:
        state = slot.state
        # One request loads; the others wait for it only if nothing else can answer them.
        if state is not None and state.answering() is not None:
            if not slot.lock.acquire(blocking=False):
                return state
        else:
            slot.lock.acquire()
        try:
            state = slot.state
            if state is None or state.content.identity != self._identify(name):
                state = self._load(name, state)
                slot.state = state
            return state
        finally:
            slot.lock.release()

    def _load(self, name: str, before: _State | None) -> _State:
        content = load_folder(self._root / name, self._info_file, self._faults)
        if content.serving is None:
            return _State(content)
        self._on_load(content.serving)
        former = before.answering() if before and not content.serving.is_ready() else None
        return _State(content, former)
