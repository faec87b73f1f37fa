"""The reconciler: the nine actions for any backend.

Lock, collect garbage, observe, compare with what is desired, plan; a dry run returns the plan, a run executes it,
observes again and reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Generic

from bosun_core import answers
from bosun_core.answers import DeploymentEntry
from bosun_core.errors import BosunError, EnvironmentFailure, Interruption, InvalidRequest
from bosun_core.lifecycle.backend import Backend, DesiredT, NothingKept, ObservedT, Request
from bosun_core.lifecycle.execution import Outcome, execute
from bosun_core.lifecycle.steps import Change, plan_of
from bosun_core.model import DeploymentInfo, PEInfo
from bosun_core.reporting import progress
from bosun_core.status import ActionStatus, ActionStatusInfo


class Reconciler(Generic[ObservedT, DesiredT]):
    """The actions of one environment, by its backend; with `dry_run` nothing is changed and the plan is returned."""

    def __init__(self, backend: Backend[ObservedT, DesiredT], *, dry_run: bool) -> None:
        self._backend = backend
        self._dry_run = dry_run
        self._before: ObservedT | None = None
        self._is_observed = False
        """Whether a change began, with what was there `before`."""

    def plugin_start(self) -> ActionStatusInfo:
        """Check the environment, and bring up what deployments share."""
        with self._backend as backend:
            found = backend.check(to_change=not self._dry_run)
            stages = backend.start_services()
            answer = self._changed_services(stages, lambda: (found.facts, backend.check_services()))
            return answers.with_warnings(answer, found.warnings)

    def plugin_stop(self) -> ActionStatusInfo:
        """Take down what no deployment needs."""
        with self._backend as backend:
            return self._changed_services(backend.stop_services(), lambda: (backend.kept_services(),))

    def _changed_services(
        self, stages: Iterable[Sequence[Change]], facts: Callable[[], Iterable[str]]
    ) -> ActionStatusInfo:
        if self._dry_run:
            return answers.planned(None, _plan_of_all(stages))
        outcomes = [execute(changes) for changes in stages]
        done = [message for outcome in outcomes for message in outcome.done]
        said = [*filter(None, facts()), *done] or ["nothing to stop; the deployments stay as they are"]
        warnings = [message for outcome in outcomes for message in outcome.warnings]
        return answers.with_warnings(ActionStatusInfo(ActionStatus.OK, "; ".join(said)), warnings)

    def deployment_start(self, info: DeploymentInfo) -> ActionStatusInfo:
        """Have the deployment serve the given model."""
        return self._reconciled(info, lambda _: str(info.model_id))

    def deployment_replace_model(self, info: DeploymentInfo) -> ActionStatusInfo:
        """Have a deployment that is there serve the new model."""
        return self._reconciled(info, lambda _: str(info.new_model_id), only_known=True)

    def deployment_relaunch(self, info: DeploymentInfo) -> ActionStatusInfo:
        """Launch the given model anew, or without a package the one that is kept."""
        brings_package = info.model_artifact is not None

        def model_id(observed: ObservedT | None) -> str:
            kept = None if observed is None else observed.model_id
            chosen = info.model_id or kept if brings_package else kept or info.model_id
            if chosen is None and not brings_package:
                raise NothingKept(str(info.id), "its model is not known any more")
            if chosen is None:
                raise InvalidRequest(f"deploymentInfo.modelId is missing; a relaunch of deployment {info.id} needs it")
            return chosen

        return self._reconciled(info, model_id, only_known=not brings_package, launches=True)

    def _reconciled(
        self,
        info: DeploymentInfo,
        model_id: Callable[[ObservedT | None], str],
        *,
        only_known: bool = False,
        launches: bool = False,
    ) -> ActionStatusInfo:
        """Bring a deployment to what is desired; where it is up to date nothing is done, unless it `launches` anew.

        With `only_known` nothing is made or locked for a deployment that is not there.
        """
        name = str(info.id)

        def desired(observed: ObservedT | None) -> DesiredT:
            return self._backend.desired(Request(name, model_id(observed), info, launches), observed)

        reconcile = self._planned if self._dry_run else self._changed
        try:
            with self._backend as backend:
                found = backend.preflight(to_change=not self._dry_run)
                answer = reconcile(info, desired, only_known=only_known, launches=launches)
        except (BosunError, Interruption) as error:
            with suppress(BosunError), self._backend:
                error.data = self._what_serves(name)
            raise
        return answers.with_warnings(answer, found.warnings)

    def _planned(
        self, info: DeploymentInfo, desired: Callable[[ObservedT | None], DesiredT], *, only_known: bool, launches: bool
    ) -> ActionStatusInfo:
        backend = self._backend
        observed = backend.observe(str(info.id))
        before = None if observed is None else backend.without_garbage(observed)
        if only_known and not self._was_in_service(before):
            return self._not_in_service(info, before)
        needed = _plan_of_all(backend.services_for(info, removes=False))
        wanted = desired(before)
        differences = list(backend.differences(wanted, before))
        is_changed = launches or before is None or bool(differences)
        plan = plan_of([backend.rollout(wanted, before)]) if is_changed else []
        entry = None if observed is None else backend.describe(observed)
        return answers.planned(entry, [*needed, *plan], [one.as_mapping() for one in differences])

    def _changed(
        self, info: DeploymentInfo, desired: Callable[[ObservedT | None], DesiredT], *, only_known: bool, launches: bool
    ) -> ActionStatusInfo:
        backend, name = self._backend, str(info.id)
        is_untouched = backend.is_untouched(name)
        if is_untouched and only_known:
            return answers.unknown_deployment(name)
        if is_untouched:
            desired(None)  # what is refused is refused before anything is made, the lock included
        for changes in backend.services_for(info, removes=False):
            execute(changes)
        with backend.lock(name) as lock:
            before = backend.observe_collected(name)
            self._before, self._is_observed = before, True
            if only_known and not self._was_in_service(before):
                return self._not_in_service(info, before)
            wanted = desired(before)
            if before is not None and not launches and not any(backend.differences(wanted, before)):
                return answers.already_serves(backend.describe(before))
            change = backend.rollout(wanted, before)
            outcome = execute([change], lock.verify)
            now = backend.observe_outcome(name)
        if now is None:
            raise EnvironmentFailure(f"deployment {name} was removed meanwhile; run the action again")
        progress("done", 1, 1)
        return self._reported(now, before, change.notes, outcome)

    def _was_in_service(self, observed: ObservedT | None) -> bool:
        return observed is not None and self._backend.was_in_service(observed)

    def _not_in_service(self, info: DeploymentInfo, observed: ObservedT | None) -> ActionStatusInfo:
        if observed is None:
            return answers.unknown_deployment(str(info.id))
        return self._backend.describe(observed).as_status()

    def _reported(
        self, now: ObservedT, before: ObservedT | None, notes: Sequence[str], outcome: Outcome
    ) -> ActionStatusInfo:
        entry = self._backend.describe(now)
        message = self._serves(entry)
        if before is not None and before.model_id not in (None, entry.model_id):
            message += f" instead of {before.model_id}"
        if outcome.interruption is not None:
            message += f"; {outcome.interruption}, when the change had been made"
        answer = entry.as_status(entry.msg or "; ".join([message, *notes]))
        return answers.with_warnings(answer, outcome.warnings)

    def _what_serves(self, name: str) -> dict[str, Any] | None:
        """Return the data of an action that failed: which model serves now, and whether it is the one of before."""
        now, before = self._backend.observe(name), self._before
        if now is None or now.active is None:
            return None
        is_old = not self._is_observed or (before is not None and before.active == now.active)
        return {**answers.old_model_in_use(now.model_id), "oldModelInUse": is_old}

    def deployment_stop(self, info: DeploymentInfo) -> ActionStatusInfo:
        """Leave nothing of the deployment."""
        with self._backend as backend:
            backend.preflight(to_change=not self._dry_run)
            return self._removed(backend, info)

    def _removed(self, backend: Backend[ObservedT, DesiredT], info: DeploymentInfo) -> ActionStatusInfo:
        name = str(info.id)
        if self._dry_run:
            observed = backend.observe(name)
            needed = _plan_of_all(backend.services_for(info, removes=True))
            if observed is None:
                return answers.planned(None, needed)
            return answers.planned(backend.describe(observed), [*needed, *plan_of([backend.removal(observed)])])
        if backend.is_untouched(name):
            return answers.already_stopped(info)
        for changes in backend.services_for(info, removes=True):
            execute(changes)
        with backend.lock(name) as lock:
            observed = backend.observe(name)
            if observed is None:
                backend.clear_unknown(name)
                return answers.already_stopped(info)
            execute([backend.removal(observed)], lock.verify)
        progress("done", 1, 1)
        return answers.stopped(info, observed.model_id)

    def deployment_status(self, info: DeploymentInfo) -> ActionStatusInfo:
        """Report the deployment as it is now."""
        with self._backend as backend:
            backend.preflight(to_change=False)
            observed = backend.observe(str(info.id))
            if observed is None:
                return answers.unknown_deployment(str(info.id))
            entry = backend.describe(observed)
        return entry.as_status(entry.msg or self._serves(entry))

    def deployment_list(self) -> ActionStatusInfo:
        """Report every deployment."""
        with self._backend as backend:
            backend.preflight(to_change=False)
            return answers.list_of(map(backend.describe, backend.observe_all().deployments))

    def pe_status(self, pe_info: PEInfo | None) -> ActionStatusInfo:
        """Report the environment and its deployments."""
        listed = None if pe_info is None else pe_info.deployments
        with self._backend as backend:
            own = backend.preflight(to_change=True).facts
            seen = backend.survey()
            entries = [backend.describe(one) for one in seen.deployments]
        facts = "; ".join(filter(None, [own, seen.facts]))
        return answers.environment_status(entries, listed, facts, seen.problems, seen.warnings)

    def _serves(self, entry: DeploymentEntry) -> str:
        return f"deployment {entry.deployment_id} {self._backend.serves} model {entry.model_id}"


def _plan_of_all(stages: Iterable[Sequence[Change]]) -> list[str]:
    return [step for changes in stages for step in plan_of(changes)]
