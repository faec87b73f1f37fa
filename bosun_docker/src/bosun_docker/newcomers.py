"""How a goal comes into service: chosen by what is wanted, and by what is there of the deployment."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure

from bosun_docker import images, names, shared_containers
from bosun_docker.containers import MODEL_PATH
from bosun_docker.dedicated import Dedicated
from bosun_docker.engine import Engine
from bosun_docker.environment import Environment
from bosun_docker.goals import Wanted
from bosun_docker.looking import Container, Deployed, Look
from bosun_docker.packages import KeptPackage, Package
from bosun_docker.proxy import Proxy
from bosun_docker.rollout import Newcomer
from bosun_docker.shared_models import Shared, kept_package


def newcomer(engine: Engine, env: Environment, proxy: Proxy, seen: Look, found: Deployed, want: Wanted) -> Newcomer:
    """Return what brings the wanted model into service; where it needs an image, that is made.

    Raises:
        EnvironmentFailure: the shared server is gone, or the package is, or the engine refused.
    """
    goal = want.goal
    if goal.labels.get(names.SERVING) == names.SHARED:
        server = seen.server(env)
        if server is None:
            raise EnvironmentFailure(f"container {env.server_name} was removed meanwhile; run the action again")
        info = shared_containers.info_file(goal.deployment_id, goal.model_id)
        return Shared(engine, proxy, server, _package(found, want), found.key, info)
    if want.kept is not None and not want.kept.is_marker:
        return Dedicated(engine, want.kept.image_id, goal.health_path)
    image = images.with_package(engine, env, goal.deployment_id, goal.model_id, _package(found, want))
    return Dedicated(engine, image, goal.health_path)


def _package(found: Deployed, want: Wanted) -> Package | KeptPackage:
    return want.package or _kept(found, want.kept)


def _kept(found: Deployed, kept: Container | None) -> KeptPackage:
    if kept is None:
        raise EnvironmentFailure(f"no package is kept of deployment {found.id}; give deploymentInfo.modelArtifact")
    return kept_package(kept, found.key, kept.labels.get(names.PACKAGE, ""), MODEL_PATH)
