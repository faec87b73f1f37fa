"""A shared part put in the place of an old one, which comes back where the new one does not come to do its work.

Two cannot run beside each other: they have the same ports and the same data. Meanwhile the old one is `<name>_old`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bosun_core.endings import to_its_end
from bosun_core.signals import uninterrupted

from bosun_docker.containers import Body
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks.looking import listed
from bosun_docker.looks.observed import Container, Look


def old_name(name: str) -> str:
    """Return what the part of this name is called while another is put in its place."""
    return f"{name}_old"


@contextmanager
def in_its_place(engine: Engine, env: Environment, name: str, body: Body, old: Container | None) -> Iterator[str]:
    """Yield the id of a new part, not yet started; it stays where the block ends well, and the old one goes."""
    new = ""
    try:
        if old is not None:
            engine.rename(old.id, old_name(name))
            _end(engine, env, old)
        with uninterrupted():
            new = engine.create(name, body)
        yield new
    except BaseException:
        to_its_end(lambda: _bring_back(engine, env, name, old, new))
        raise
    if old is not None:
        engine.remove(old.id)


def _end(engine: Engine, env: Environment, part: Container) -> None:
    """Have a part end: a broker writes its messages down. May be repeated."""
    engine.signal(part.id, "SIGTERM")
    if not engine.wait(part.id, env.settings.drain_limit):
        engine.signal(part.id, "SIGKILL")


def _bring_back(engine: Engine, env: Environment, name: str, old: Container | None, new: str) -> None:
    """Undo a replacement. May be repeated."""
    if new:
        engine.remove(new)
    if old is None:
        return
    found = engine.container(old.id)
    if found is not None and found["Name"].lstrip("/") != name:
        _end(engine, env, old)  # it may be ending now, and one that runs is not started
        engine.rename(old.id, name)
    engine.start(old.id, name)


def superseded(seen: Look, *names: str) -> list[Container]:
    """Return the old ones of these parts that a killed replacement left beside what took their place."""
    there = {one.name for one in seen.parts}
    return [one for one in seen.parts if one.name in {old_name(name) for name in names if name in there}]


def without_old(engine: Engine, env: Environment, *names: str) -> Look:
    """Clear what killed replacements of these parts left, under their lock: an old one comes back or goes."""
    seen = listed(engine, env)
    by_name = {one.name: one for one in seen.parts}
    gone = superseded(seen, *names)
    for old in gone:
        engine.remove(old.id)
    back = [name for name in names if name not in by_name and old_name(name) in by_name]
    for name in back:
        engine.rename(by_name[old_name(name)].id, name)
    return listed(engine, env) if gone or back else seen


def unfinished(seen: Look, lock_name: str, names: Sequence[str]) -> list[Container]:
    """Return what an action on these parts leaves that is under way, or was killed."""
    left = lock_name, *map(old_name, names)
    return [one for one in seen.parts if one.name in left]
