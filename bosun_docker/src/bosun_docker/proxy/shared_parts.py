"""The proxy as the part that all deployments of a place share: brought up with its volume of routes, taken down."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, NamedTuple, TypeGuard

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import SKIPPED, Change, Step

from bosun_docker import containers, names, replacing
from bosun_docker.containers import Body
from bosun_docker.engine.client import Engine, Refused
from bosun_docker.engine.errors import taken_port
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.images import archives, pulling
from bosun_docker.looks.looking import listed
from bosun_docker.looks.observed import Container, Look
from bosun_docker.proxy import certificates, networks
from bosun_docker.proxy import waiting as proxy_waiting
from bosun_docker.proxy.routes import FOLDER


class Part(NamedTuple):
    """A container that deployments share, as it is and as it is to be."""

    name: str
    found: Container | None
    body: Body
    image_key: str
    """The setting that names its image."""
    volume: str | None
    left: Sequence[Container]
    """What an action on it left that is under way, or was killed."""


def bringing(
    engine: Engine, env: Environment, part: Part, bring: Callable[[], object], undo: Callable[[], object] | None = None
) -> Iterator[Step]:
    """Yield how a part comes to what its body says; `bring` does it, from what is there by then.

    Where another action on the part is under way, or was killed, that comes to its end as well.
    """
    if is_as_wanted(part.found, part.body):
        if part.left:
            yield Step("complete", f"what another action on {part.name} began", bring, undo, waits=undo is None)
        return
    verb = "start" if has_settings(part.found, part.body) else "create" if part.found is None else "replace"
    image = str(part.body["Image"])
    if verb != "start" and pulling.known(engine, image, part.image_key) is None:
        yield Step("pull", f"image {image}", lambda: pulling.present(engine, env, image, part.image_key))
    volume = part.volume
    if volume is not None and engine.volume(volume) is None:
        labels = {**env.labels(part.body["Labels"][names.PART])}
        undone = partial(remove_volume, engine, env, volume)
        yield Step("create", f"volume {volume}", lambda: engine.create_volume(volume, labels), undone)
    yield Step(verb, f"container {part.name}", bring, undo, waits=undo is None)


def proxy_change(engine: Engine, env: Environment, seen: Look, *, changes_settings: bool) -> Change | None:
    """Return what brings the proxy to what the settings say; None where it is as they say.

    Without `changes_settings` one that runs is left as it is.

    Raises:
        EnvironmentFailure: somebody else has its name, or that of its volume; or the network is missing.
    """
    left = _unfinished(env, seen)
    if not changes_settings and seen.proxy is not None and seen.proxy.runs and not left:
        return None
    network = list(networks.creating(engine, env))
    check_names(engine, env, seen)
    body, _ = proxy_body(engine, env)
    part = Part(env.proxy_name, seen.proxy, body, "traefikImage", env.routes_volume, left)
    steps = list(bringing(engine, env, part, partial(_bring_up_proxy, engine, env)))
    return Change((*network, *steps), len(network) + len(steps) - 1) if steps else None


def _bring_up_proxy(engine: Engine, env: Environment) -> object:
    """Bring the proxy to what the settings say, and wait until it answers.

    Raises:
        EnvironmentFailure: somebody else has a port, its image cannot be had, or it does not come up.
    """
    body, certificate_files = proxy_body(engine, env)
    image = pulling.present(engine, env, env.settings.traefik_image, "traefikImage")
    with held(engine, env, _lock_name(env), image, env.labels(names.LOCK), "the shared parts"):
        seen = replacing.without_old(engine, env, env.proxy_name)
        if is_as_wanted(seen.proxy, body):
            return SKIPPED
        if has_settings(seen.proxy, body):
            started(engine, seen.proxy.id, env.proxy_name, "traefikPortMapping")
            proxy_waiting.until_it_serves(engine, env)
            return None
        engine.create_volume(env.routes_volume, env.labels(names.PROXY))
        _replace(engine, env, seen.proxy, body, certificate_files)
    return None


def _lock_name(env: Environment) -> str:
    return f"{env.settings.container_name_prefix}lock_shared"


def _unfinished(env: Environment, seen: Look) -> list[Container]:
    return replacing.unfinished(seen, _lock_name(env), [env.proxy_name])


def check_name(seen: Look, name: str) -> None:
    """Check that nobody else has a container of this name.

    Raises:
        EnvironmentFailure: somebody has.
    """
    if any(stranger.name == name for stranger in seen.strangers):
        raise EnvironmentFailure(
            f"container {name} is there and is not ours; remove it, or choose another containerNamePrefix"
        )


def check_names(engine: Engine, env: Environment, seen: Look) -> None:
    """Check that nobody else has what the proxy needs by name.

    Raises:
        EnvironmentFailure: somebody has.
    """
    check_name(seen, env.proxy_name)
    other = engine.container(env.proxy_name) if seen.proxy is None else None
    if other is not None and (other["Config"]["Labels"] or {}).get(names.PLACE) not in (None, env.place):
        raise EnvironmentFailure(
            f"container {env.proxy_name} serves the network {other['HostConfig']['NetworkMode']}; "
            "choose another containerNamePrefix for this one"
        )
    check_volume(engine, env, env.routes_volume)


def check_volume(engine: Engine, env: Environment, name: str) -> None:
    """Check that nobody else has a volume of this name.

    Raises:
        EnvironmentFailure: somebody has.
    """
    found = engine.volume(name)
    if found is not None and not is_ours(env, found):
        raise EnvironmentFailure(
            f"volume {name} is there and is not ours; remove it, or choose another containerNamePrefix"
        )


def is_ours(env: Environment, volume: Mapping[str, Any]) -> bool:
    """Tell whether a volume belongs to the place."""
    return (volume.get("Labels") or {}).get(names.PLACE) == env.place


def proxy_body(engine: Engine, env: Environment) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the proxy's body, and its certificate's files.

    Raises:
        ConfigurationError: the certificate cannot be used.
    """
    files = certificates.read(env.settings)
    digest = hashlib.sha256(b"\0".join(files.values())).hexdigest() if files else ""
    return containers.proxy(env, remote=engine.host.machine is not None, certificates=digest), files


def is_as_wanted(found: Container | None, body: dict[str, Any]) -> bool:
    """Tell whether a part runs with these settings."""
    return has_settings(found, body) and found.runs


def has_settings(found: Container | None, body: dict[str, Any]) -> TypeGuard[Container]:
    """Tell whether a part is there with these settings, whether it runs or not."""
    return found is not None and found.labels.get(names.SETTINGS) == body["Labels"][names.SETTINGS]


def _replace(
    engine: Engine, env: Environment, old: Container | None, body: dict[str, Any], files: dict[str, bytes]
) -> None:
    """Put a new proxy in the place of an old one, which comes back where the new one does not come to answer."""
    try:
        with replacing.in_its_place(engine, env, env.proxy_name, body, old) as new:
            if files:
                folder = containers.CERTIFICATES[1:]
                engine.put(new, "/", archives.of_files({f"{folder}/{name}": files[name] for name in files}))
                engine.put(new, FOLDER, archives.of_files({"tls.yml": containers.TLS_ROUTES}))
            started(engine, new, env.proxy_name, "traefikPortMapping")
            proxy_waiting.until_it_serves(engine, env)
    except BaseException:
        to_its_end(lambda: _after_failure(engine, env, old))
        raise


def _after_failure(engine: Engine, env: Environment, old: Container | None) -> None:
    """Wait until the old proxy serves again; without one remove the routes. May be repeated."""
    if old is None:
        remove_volume(engine, env, env.routes_volume)
        return
    with suppress(EnvironmentFailure):  # it would hide why the new one did not come up
        proxy_waiting.until_it_serves(engine, env)


def started(engine: Engine, container: str, name: str, key: str) -> None:
    """Start a part; `key` is the setting with its ports.

    Raises:
        EnvironmentFailure: something else has one of its ports, which is named.
    """
    try:
        engine.start(container, name)
    except Refused as error:
        port = taken_port(error)
        if port is None:
            raise
        owners = [one["Names"][0].lstrip("/") for one in engine.containers({"publish": str(port), "status": "running"})]
        owner = f"container {owners[0]}" if owners else "a program outside Docker"
        raise EnvironmentFailure(
            f"port {port} of the engine's machine is taken by {owner}; end that, or change {key}"
        ) from None


def was_removed(engine: Engine, env: Environment, seen: Look) -> bool:
    """Tell whether the proxy is gone and its routes are still there: they are read and written through it alone."""
    volume = engine.volume(env.routes_volume) if seen.proxy is None else None
    return volume is not None and is_ours(env, volume)


def taking_down(engine: Engine, env: Environment, seen: Look) -> Iterator[Change]:
    """Yield what removes proxy and routes where no deployment of the place is left."""

    def is_needed(now: Look) -> bool:
        return any(one.part in (names.MODEL_PART, names.PACKAGE_PART) for one in now.parts)

    if not any(one.part == names.MODEL_PART for one in seen.parts):
        what = Taken("the shared parts", _lock_name(env), [env.proxy_name], env.routes_volume)
        yield from going(engine, env, seen, what, is_needed)


class Taken(NamedTuple):
    """Containers that go together, with their volume, under one lock."""

    called: str
    lock_name: str
    names: Sequence[str]
    volume: str


def going(
    engine: Engine, env: Environment, seen: Look, what: Taken, is_needed: Callable[[Look], bool]
) -> Iterator[Change]:
    """Yield what removes containers and their volume, unless `is_needed` holds once their lock is held."""
    there = [one for one in seen.parts if one.name in (*what.names, *map(replacing.old_name, what.names))]
    locks = [one for one in seen.parts if one.name == what.lock_name]
    shown = [name for name in what.names if any(one.name in (name, replacing.old_name(name)) for one in there)]
    volume = engine.volume(what.volume)
    until_end, is_held, stays = ExitStack(), [False], [True]

    def hold() -> None:
        for one in () if is_held[0] else (*there, *locks)[:1]:  # without any nobody can be at it
            labels = env.labels(names.LOCK)
            until_end.enter_context(held(engine, env, what.lock_name, one.image_id, labels, what.called))
        is_held[0] = True
        stays[0] = is_needed(replacing.without_old(engine, env, *what.names))

    def removed(name: str) -> object:
        found = next((one for one in listed(engine, env).parts if one.name == name), None)
        if stays[0] or found is None:
            return SKIPPED
        engine.remove(found.id)
        return None

    steps = [Step("remove", f"container {name}", partial(removed, name)) for name in shown]
    if volume is not None and is_ours(env, volume):
        gone = partial(remove_volume, engine, env, what.volume)
        steps.append(Step("remove", f"volume {what.volume}", lambda: SKIPPED if stays[0] else gone()))
    if not steps and locks:
        steps = [Step("remove", f"container {what.lock_name}", lambda: None)]
    if steps:
        steps[0] = _after(hold, steps[0])
        steps[-1] = _before(until_end.close, steps[-1])
        yield Change(tuple(steps))


def _after(first: Callable[[], object], step: Step) -> Step:
    def do() -> object:
        first()
        return step.do()

    return step._replace(do=do)


def _before(last: Callable[[], object], step: Step) -> Step:
    def do() -> object:
        try:
            return step.do()
        finally:
            last()

    return step._replace(do=do)


def remove_volume(engine: Engine, env: Environment, name: str) -> None:
    """Remove a volume, where it is there and ours."""
    volume = engine.volume(name)
    if volume is not None and is_ours(env, volume):
        engine.remove_volume(name)
