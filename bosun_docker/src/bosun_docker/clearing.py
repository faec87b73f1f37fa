"""What goes of a deployment: all of it, or what killed actions left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from bosun_core.lifecycle.steps import Change, Step

from bosun_docker import names
from bosun_docker.engine.client import Engine, Refused
from bosun_docker.environment import Environment
from bosun_docker.images import images
from bosun_docker.looks.observed import Container, Deployed, Look, Observed
from bosun_docker.proxy.proxy import Proxy
from bosun_docker.proxy.routes import SLOTS, other
from bosun_docker.retiring import Way, retire, retiring


def removal(engine: Engine, env: Environment, observed: Observed) -> Change:
    """Return the steps that leave nothing of a deployment: its endpoint leads nowhere before anything of it goes."""
    return Change(tuple(_removing(engine, env, *observed)))


def _removing(engine: Engine, env: Environment, seen: Look, found: Deployed) -> Iterator[Step]:
    proxy = _proxy(engine, env, seen)
    slots = [slot for slot, route in found.slots.items() if route is not None]
    if proxy is not None and slots:
        url = f"{env.settings.prefix.url}/deployments/{found.id}"
        yield Step("have", f"{url} lead nowhere", lambda: _blank(proxy, found, slots))
    way = Way(proxy if seen.proxy and seen.proxy.runs else None, SLOTS[0])

    def gone(container: Container) -> Callable[[], None]:
        return lambda: retire(engine, env, found, container, way)

    for container in found.containers:
        yield Step(*retiring(env, container), gone(container))
    if found.holder is not None:
        yield Step("remove", f"container {found.holder.name}", gone(found.holder))
    used = {one.image_id for one in seen.parts if one not in found.containers and one != found.holder}
    for name, image in images.unused(engine, env, found.id, used).items():
        yield Step("remove", f"image {name}", images.removing(engine, image))


def clear(engine: Engine, env: Environment, observed: Observed, *, is_begun: bool) -> None:
    """Clear what killed actions left of a deployment, whose lock the caller holds.

    Where none serves, the latest container may be that of a deployment whose route was lost: it stays, unless another
    action `is_begun` on it.
    """
    seen, found = observed
    proxy = _proxy(engine, env, seen)
    serving, current = found.route, found.current
    idle_slots = [slot for slot, one in found.slots.items() if one and (serving is None or slot != serving[0])]
    stays = found.containers[-1:] if current is None and not is_begun else (current,)
    idle = [one for one in found.containers if one not in stays]
    if proxy is not None:
        _blank(proxy, found, idle_slots)
    way = Way(proxy if seen.proxy and seen.proxy.runs else None, other(serving[0]) if serving else SLOTS[0])
    for container in idle:
        was_serving = current is not None and container.generation < current.generation
        retire(engine, env, found, container, way, has_requests=was_serving)
    if found.holder is not None:
        engine.remove(found.holder.id)
    if current is not None:
        _name(engine, env, current)
    gone = (*idle, *([found.holder] if found.holder else []))
    images.remove_unused(engine, env, found.id, [one for one in seen.parts if one not in gone])


def _blank(proxy: Proxy, found: Deployed, slots: list[str]) -> None:
    for slot in slots:
        proxy.blank(found.key, slot)


def _name(engine: Engine, env: Environment, current: Container) -> None:
    """Give the container that serves its own name, where it has another."""
    labels = current.labels
    prefix = env.settings.container_name_prefix
    name = names.container_name(prefix, labels[names.DEPLOYMENT], labels.get(names.MODEL, ""))
    if current.name != name:
        with suppress(Refused):  # somebody else has that name: then it keeps the one that it has
            engine.rename(current.id, name)


def _proxy(engine: Engine, env: Environment, seen: Look) -> Proxy | None:
    return None if seen.proxy is None else Proxy(engine, env, seen.proxy)
