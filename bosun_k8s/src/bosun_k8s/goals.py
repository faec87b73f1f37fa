"""What an action asks for: which model, of which package, with which settings."""

from __future__ import annotations

from bosun_core.artifact import is_url, local_artifact
from bosun_core.errors import InvalidRequest
from bosun_core.model import DeploymentInfo
from bosun_core.packages import measured

from bosun_k8s import key_values, manifests, names
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.looking import Deployed

_CUSTOM_TYPE = "customInferenceModel"
_NATIVE_TYPES = (None, "", "dedicated")
_NATIVE_FORMATS = (None, "", "datarobot")


def wanted(env: Environment, info: DeploymentInfo, model_id: str, kept: Deployed | None) -> Goal:
    """Return what an action asks for; `kept` is what serves, whose package is used where the action gives none.

    Raises:
        InvalidRequest: the package or a setting cannot be used.
    """
    values = key_values.read(info.key_value_config)
    _check_kind(info, values.image)
    unknown = ", ".join(values.unknown)
    remarks = [f"keyValueConfig has keys that are not known here and were ignored: {unknown}"] if unknown else []
    goal = Goal(
        str(info.id), model_id, values, base=env.settings.pps_base_image, remark="; ".join(remarks + env.remarks)
    )
    if values.image is not None:
        return goal._replace(base=values.image)
    if is_url(info.model_artifact):
        return goal._replace(to_fetch=True)
    if info.model_artifact is not None or kept is None:
        package = measured(local_artifact(info))
        return goal._replace(package=package, package_digest=package.sha256)
    told = kept.told
    return goal._replace(
        package_digest=told.get(names.PACKAGE, ""), kept_image=told.get(names.IMAGE_KEPT), base=told.get(names.BASE, "")
    )


def _check_kind(info: DeploymentInfo, image: str | None) -> None:
    kind, form = info.model_execution_type, info.model_format
    if kind == _CUSTOM_TYPE:
        if image is None:
            raise InvalidRequest(
                "a customInferenceModel needs keyValueConfig.image, the image that serves it; push it to a registry "
                "that the nodes reach, and name it there"
            )
        return
    if kind not in _NATIVE_TYPES:
        raise InvalidRequest(f"modelExecutionType {kind} is not known here; it may be dedicated or {_CUSTOM_TYPE}")
    if form not in _NATIVE_FORMATS:
        raise InvalidRequest(f"modelFormat {form} is not known here; it may be datarobot")


def serves(env: Environment, found: Deployed, goal: Goal) -> bool:
    """Tell whether the generation that serves is the goal already, with a ready pod."""
    told = found.told
    return (
        found.serves
        and any(pod.is_ready for pod in found.current)
        and told.get(names.MODEL) == goal.model_id
        and told.get(names.PACKAGE, "") == goal.package_digest
        and told.get(names.SETTINGS) == manifests.settings_digest(env, goal)
    )


def stands_right(env: Environment, found: Deployed, goal: Goal) -> bool:
    """Tell whether what stands around the workload is as the goal's settings say."""
    return found.told.get(names.SURROUNDINGS) == names.digest(manifests.surroundings(env, goal))
