"""One action at a time on a deployment: a container that is never started holds a name on the engine.

Creating it is atomic, removing it goes by its id, so a lock is never taken from somebody else. Another action waits for
its end; where its holder has died it takes over. A holder on another machine shows its life by events of the lock: one
that is silent counts as dead. The end of one on this machine is seen, so there silence says nothing.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any

from bosun_core.endings import to_its_end
from bosun_core.errors import BosunError, EnvironmentFailure
from bosun_core.holders import is_of_this_machine, is_surely_dead, this_process
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_docker import containers, names
from bosun_docker.engine.client import Engine, NameTaken
from bosun_docker.engine.listening import listening
from bosun_docker.environment import Environment

_BEAT_SECONDS = 3.0
_SILENCE_SECONDS = 15.0  # of a holder elsewhere, until it counts as dead
_LOOK_AGAIN_SECONDS = 0.25


class Lock:
    """A lock that is held."""

    def __init__(self, engine: Engine, container: str, what: str, *, was_in_use: bool) -> None:
        self._engine = engine
        self._container = container
        self._what = what
        self._shown = time.monotonic()
        self.was_in_use = was_in_use
        """Whether another action held it as this one came: it ended meanwhile, or it was dead."""

    def show_life(self, end: threading.Event) -> None:
        """Show that the holder lives, until it ends; a beat that goes wrong may be the only one."""
        while not end.wait(_BEAT_SECONDS):
            with suppress(BosunError), self._engine.again() as own:
                began = time.monotonic()
                own.touch(self._container)
                self._shown = began

    def verify(self) -> None:
        """Check that it is still held; the engine is asked only where life was not shown for some time.

        Raises:
            EnvironmentFailure: another action has taken over.
        """
        is_fresh = time.monotonic() - self._shown < _SILENCE_SECONDS - _BEAT_SECONDS
        if not is_fresh and self._engine.container(self._container) is None:
            raise EnvironmentFailure(
                f"lost the lock on {self._what}: another action has taken over; check deployment_status"
            )


@contextmanager
def held(engine: Engine, env: Environment, name: str, image: str, labels: dict[str, str], what: str) -> Iterator[Lock]:
    """Hold the lock of this name for the block; `image` is any image that the engine has.

    Raises:
        EnvironmentFailure: another action held it all the while, or somebody else has a container of that name.
    """
    body = containers.lock(image, {**labels, names.HOLDER: this_process()})
    deadline = time.monotonic() + env.settings.lock_limit
    lock, was_in_use = "", False
    end = threading.Event()
    try:
        while not lock:
            with uninterrupted(), suppress(NameTaken):
                lock = engine.create(name, body)
            if not lock:
                was_in_use = True
                _wait_for(engine, env, name, deadline, what)
        own = Lock(engine, lock, what, was_in_use=was_in_use)
        threading.Thread(target=own.show_life, args=(end,), daemon=True).start()
        yield own
    finally:
        end.set()
        if lock:
            to_its_end(lambda: engine.remove(lock))


def lock_name(env: Environment, deployment_id: str) -> str:
    """Return the name of the container that is a deployment's lock."""
    return names.passing_name(env.settings.container_name_prefix, env.id, deployment_id, "lock")


def held_deployment(
    engine: Engine, env: Environment, image: str, deployment_id: str, action: str
) -> AbstractContextManager[Lock]:
    """Hold a deployment's lock for the block."""
    name = lock_name(env, deployment_id)
    labels = {**env.deployment_labels(names.LOCK, deployment_id), names.ACTION: action}
    return held(engine, env, name, image, labels, f"deployment {deployment_id}")


def _wait_for(engine: Engine, env: Environment, name: str, deadline: float, what: str) -> None:
    """Wait until the lock is gone; one whose holder is dead is removed."""
    found = engine.container(name)
    if found is None:
        return
    labels = found["Config"]["Labels"] or {}
    if labels.get(names.PART) != names.LOCK or labels.get(names.PLACE) != env.place:
        raise EnvironmentFailure(
            f"container {name} is in the way and is not ours; remove it, or choose another containerNamePrefix"
        )
    progress(f"waiting for another action on {what}", 0)
    if _released(engine, found, deadline):
        return
    if time.monotonic() >= deadline:
        raise EnvironmentFailure(
            f"another action on {what} has not ended within {env.settings.lock_limit:g} s; run this again when it has"
        )
    engine.remove(found["Id"])


def _released(engine: Engine, lock: dict[str, Any], deadline: float) -> bool:
    """Wait until the lock may have been removed; False where its holder died first, or the time is up."""
    holder = lock["Config"]["Labels"].get(names.HOLDER, "")
    if is_surely_dead(holder):
        return False
    silence = float("inf") if is_of_this_machine(holder) else _SILENCE_SECONDS
    heard_of: queue.Queue[str] = queue.Queue()
    filters = {"container": [lock["Id"]]}

    def hear(event: dict[str, Any] | None) -> None:
        # Where nothing more is heard of the lock: see whether it is there still.
        heard_of.put("destroy" if event is None else str(event.get("Action", "")))

    with listening(engine, filters, _moment(lock["Created"]), hear):
        heard = time.monotonic()
        while time.monotonic() < min(deadline, heard + silence):
            with suppress(queue.Empty):
                if heard_of.get(timeout=_LOOK_AGAIN_SECONDS) == "destroy":
                    return True
                heard = time.monotonic()
            if is_surely_dead(holder):
                return False
        return False


def _moment(created: str) -> int:
    """Return the engine's time of creation in whole seconds."""
    return int(datetime.fromisoformat(created[:19] + "+00:00").timestamp())
