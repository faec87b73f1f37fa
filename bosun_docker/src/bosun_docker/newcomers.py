"""How a goal comes into service: chosen by what is wanted, and by what is there of the deployment."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources.sources import Packaged

from bosun_docker import names
from bosun_docker.dedicated import Dedicated
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.goals import Wanted
from bosun_docker.images import images
from bosun_docker.looks.observed import Deployed, Look
from bosun_docker.proxy.proxy import Proxy
from bosun_docker.rollout import Newcomer
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared.models import Shared


def newcomer(engine: Engine, env: Environment, proxy: Proxy, seen: Look, found: Deployed, want: Wanted) -> Newcomer:
    """Return what brings the wanted model into service; where it needs an image, that is made.

    Raises:
        EnvironmentFailure: the shared server is gone, or the package is, or the engine refused.
    """
    goal = want.goal
    if goal.labels.get(names.SERVING) != names.SHARED or not isinstance(want.source, Packaged):
        image = images.made(engine, env, goal.deployment_id, goal.model_id, want.source)
        return Dedicated(engine, image, goal.health_path)
    server = seen.server(env)
    if server is None:
        raise EnvironmentFailure(f"container {env.server_name} was removed meanwhile; run the action again")
    info = shared_containers.info_file(goal.deployment_id, goal.model_id)
    return Shared(engine, env, proxy, server, want.source.package, found.key, info)
