"""The contract's standard answers, the same words in every environment: pure functions of what a plugin found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bosun_core.model import DeploymentInfo
from bosun_core.status import ActionStatus, ActionStatusInfo, DeploymentState, failing

_IN_MOTION = (DeploymentState.LAUNCHING, DeploymentState.REPLACING_MODEL, DeploymentState.SHUTTING_DOWN)


class DeploymentEntry(NamedTuple):
    """One deployment as it is now: an entry of `deployment_list` and of `pe_status`.

    `workloads` names what one needs to look further: containers, pods, or the folder.
    """

    deployment_id: str
    model_id: str | None
    status: ActionStatus = ActionStatus.OK
    state: DeploymentState = DeploymentState.READY
    msg: str | None = None
    prediction_url: str | None = None
    workloads: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return the facts of the entry."""
        return {
            "currentModelId": self.model_id,
            "predictionUrl": self.prediction_url,
            "workloads": list(self.workloads),
        }

    def as_mapping(self) -> dict[str, Any]:
        """Return the entry as it stands in `data`."""
        return {"status": self.status.value, "state": self.state.value, "msg": self.msg, "data": self.data()}

    def as_status(self, msg: str | None = None) -> ActionStatusInfo:
        """Return the entry as the status of a deployment action, with `msg` where it is given."""
        return ActionStatusInfo(self.status, msg or self.msg, self.state, data=self.data())


def unknown_deployment(deployment_id: str) -> ActionStatusInfo:
    """Return the answer to an action on a deployment that is not there."""
    return failing(
        f"deployment {deployment_id} is unknown in this environment; start it with deployment_start",
        DeploymentState.ERRORED,
    )


def nothing_kept(deployment_id: str, gone: str) -> ActionStatusInfo:
    """Return the answer to a relaunch without a package where the one that was kept is gone: `gone` says why."""
    return failing(
        f"deployment {deployment_id}: {gone}, so no package of it is kept; deployment_start brings it back",
        DeploymentState.ERRORED,
    )


def with_warnings(answer: ActionStatusInfo, warnings: Sequence[str]) -> ActionStatusInfo:
    """Return the answer of an action that succeeded as a warning with what a person should see to, if there is any."""
    if warnings and answer.status in (ActionStatus.OK, ActionStatus.WARN):
        answer.status = ActionStatus.WARN
        answer.msg = "; ".join([*filter(None, [answer.msg]), *warnings])
    return answer


def list_of(entries: Iterable[DeploymentEntry]) -> ActionStatusInfo:
    """Return the answer of `deployment_list`."""
    data = {entry.deployment_id: entry.as_mapping() for entry in entries}
    return ActionStatusInfo(ActionStatus.OK, _count(len(data)), data=data)


def already_serves(entry: DeploymentEntry) -> ActionStatusInfo:
    """Return the answer to a start or a replacement that finds everything as it is to be."""
    return entry.as_status(f"deployment {entry.deployment_id} already serves model {entry.model_id}; nothing changed")


def stopped(deployment: DeploymentInfo, running_model: str | None) -> ActionStatusInfo:
    """Return the answer of `deployment_stop` for a deployment that ran `running_model` and is gone now."""
    message = f"deployment {deployment.id} is stopped"
    if deployment.model_id and running_model and deployment.model_id != running_model:
        message += f"; it served model {running_model}, not {deployment.model_id}"
    return ActionStatusInfo(ActionStatus.OK, message, DeploymentState.STOPPED)


def already_stopped(deployment: DeploymentInfo) -> ActionStatusInfo:
    """Return the answer of `deployment_stop` for a deployment that is not there."""
    return ActionStatusInfo(
        ActionStatus.OK, f"deployment {deployment.id} was not there; nothing to stop", DeploymentState.STOPPED
    )


def planned(
    entry: DeploymentEntry | None, plan: Sequence[str], changes: Sequence[Mapping[str, Any]] | None = None
) -> ActionStatusInfo:
    """Return the answer to a dry run: the steps in the message and as `data.plan`; an empty plan changes nothing.

    `changes` says for programs what would be another: each {"what": ..., "from": ..., "to": ...}.
    """
    message = f"would {'; '.join(plan)}" if plan else "nothing would change"
    data = {**(entry.data() if entry else {}), "plan": list(plan)}
    if changes is not None:
        data["changes"] = list(changes)
    return ActionStatusInfo(ActionStatus.OK, message, entry.state if entry else None, data=data)


def old_model_in_use(model_id: str | None) -> dict[str, Any]:
    """Return the `data` of a replacement that failed: the old model still serves."""
    return {"oldModelInUse": True, "currentModelId": model_id}


def environment_status(
    entries: Iterable[DeploymentEntry],
    listed: Sequence[str] | None,
    facts: str,
    problems: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> ActionStatusInfo:
    """Return the answer of `pe_status` where the deployments could be seen; where not, raise EnvironmentFailure.

    Args:
        entries: what runs here.
        listed: the ids that the agent knows here (`peInfo.deployments`), or None where it gave no list.
        facts: one clause on the environment, said where nothing is wrong.
        problems: what makes the environment itself unusable; what is listed and was not found is unknown then.
        warnings: what a person should look at besides the deployments.
    """
    here = {entry.deployment_id: entry for entry in entries}
    not_found = _unseen if problems else _missing
    statuses = {name: here.get(name) or not_found(name) for name in (here if listed is None else listed)}
    told = list(statuses.values())
    if listed is None:  # nobody expects anything: an action may be under way, and a problem is told once
        told = [] if problems else [entry for entry in told if not _is_in_motion(entry)]
    remarks = [
        *warnings,
        *_named("missing", () if problems else [name for name in statuses if name not in here]),
        *_named("failing", _with_status(ActionStatus.ERROR, [entry for entry in told if entry.deployment_id in here])),
        *_named("degraded", _with_status(ActionStatus.WARN, told)),
        *_named("unknown", _with_status(ActionStatus.UNKNOWN, told)),
        *_named("running here but not known to the agent", [name for name in here if name not in statuses]),
    ]
    status = ActionStatus.ERROR if problems else ActionStatus.WARN if remarks else ActionStatus.OK
    message = "; ".join([*problems, *remarks]) or f"{facts}; {_count(len(here))}"
    data = {"deploymentsStatus": {name: entry.as_mapping() for name, entry in statuses.items()}}
    return ActionStatusInfo(status, message, data=data)


def nothing_seen(listed: Iterable[str]) -> dict[str, Any]:
    """Return the `data` of a `pe_status` that could look at nothing: each listed deployment is unknown."""
    return {"deploymentsStatus": {name: _unseen(name).as_mapping() for name in listed}}


def _missing(deployment_id: str) -> DeploymentEntry:
    return DeploymentEntry(
        deployment_id, None, ActionStatus.ERROR, DeploymentState.ERRORED, "not there; start it with deployment_start"
    )


def _unseen(deployment_id: str) -> DeploymentEntry:
    return DeploymentEntry(
        deployment_id, None, ActionStatus.UNKNOWN, DeploymentState.UNKNOWN, "the environment could not be looked at"
    )


def _is_in_motion(entry: DeploymentEntry) -> bool:
    return entry.state in _IN_MOTION and entry.status in (ActionStatus.OK, ActionStatus.UNKNOWN)


def _with_status(status: ActionStatus, entries: Iterable[DeploymentEntry]) -> list[str]:
    return [entry.deployment_id for entry in entries if entry.status is status]


def _named(what: str, names: Sequence[str]) -> list[str]:
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return [f"{what}: {shown}"] if names else []


def _count(number: int) -> str:
    return "1 deployment" if number == 1 else f"{number} deployments"
