"""The proxy as the part that all deployments of a place share: brought up with its volume of routes, taken down."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeGuard

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress

from bosun_docker import containers, names, replacing
from bosun_docker.engine.client import Engine, Refused
from bosun_docker.engine.errors import taken_port
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.images import archives, pulling
from bosun_docker.looks.looking import listed
from bosun_docker.looks.observed import Container, Look
from bosun_docker.proxy import certificates, networks
from bosun_docker.proxy import waiting as proxy_waiting
from bosun_docker.proxy.proxy import Proxy
from bosun_docker.proxy.routes import FOLDER


def ready_proxy(engine: Engine, env: Environment, seen: Look) -> Proxy:
    """Return the proxy once it answers, brought up where it does not run or a killed action left it half changed.

    Otherwise its settings are left as they are.
    """
    if seen.proxy is None or not seen.proxy.runs or _unfinished(env, seen):
        bring_up_proxy(engine, env, seen)
        seen = listed(engine, env)
    else:
        proxy_waiting.until_it_answers(engine, env, seen.proxy)
    return Proxy(engine, env, _there(seen, env))


def _there(seen: Look, env: Environment) -> Container:
    if seen.proxy is None:
        raise EnvironmentFailure(f"the proxy {env.proxy_name} was removed meanwhile; run the action again")
    return seen.proxy


def bring_up_proxy(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Bring the proxy to what the settings say, and wait until it answers; return what was done.

    Raises:
        EnvironmentFailure: somebody else has its name or a port, its image cannot be had, or it does not come up.
    """
    with networks.brought_up(engine, env):
        return _bring_up_proxy(engine, env, seen)


def _bring_up_proxy(engine: Engine, env: Environment, seen: Look) -> list[str]:
    check_names(engine, env, seen)
    body, certificate_files = proxy_body(engine, env)
    if seen.proxy is not None and is_as_wanted(seen.proxy, body) and not _unfinished(env, seen):
        proxy_waiting.until_it_answers(engine, env, seen.proxy)
        return []
    image = pulling.present(engine, env, env.settings.traefik_image, "traefikImage")
    with held(engine, env, _lock_name(env), image, env.labels(names.LOCK), "the shared parts"):
        seen = replacing.without_old(engine, env, env.proxy_name)
        if is_as_wanted(seen.proxy, body):
            return []
        done = [f"{'replace' if seen.proxy else 'create'} container {env.proxy_name}"]
        progress("starting the proxy", 0)
        if has_settings(seen.proxy, body):
            started(engine, seen.proxy.id, env.proxy_name, "traefikPortMapping")
            proxy_waiting.until_it_serves(engine, env)
            done = [f"start container {env.proxy_name}"]
        else:
            engine.create_volume(env.routes_volume, env.labels(names.PROXY))
            _replace(engine, env, seen.proxy, body, certificate_files)
    return done


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


def take_down_proxy(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Remove proxy and routes where no deployment of the place is left; return what was done."""
    if any(one.part == names.MODEL_PART for one in seen.parts):
        return []
    held_image = next((one.image_id for one in (seen.proxy, *_unfinished(env, seen)) if one is not None), None)
    if held_image is None:
        return remove_volume(engine, env, env.routes_volume)
    with held(engine, env, _lock_name(env), held_image, env.labels(names.LOCK), "the shared parts"):
        seen = replacing.without_old(engine, env, env.proxy_name)
        if any(one.part in (names.MODEL_PART, names.PACKAGE_PART) for one in seen.parts):
            return []
        if seen.proxy is None:
            return remove_volume(engine, env, env.routes_volume)
        engine.remove(seen.proxy.id)
        return [f"remove container {env.proxy_name}", *remove_volume(engine, env, env.routes_volume)]


def remove_volume(engine: Engine, env: Environment, name: str) -> list[str]:
    """Remove a volume, where it is there and ours; return what was done."""
    volume = engine.volume(name)
    if volume is None or not is_ours(env, volume):
        return []
    engine.remove_volume(name)
    return [f"remove volume {name}"]
