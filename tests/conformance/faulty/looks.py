"""Plugins that keep every promise but one of the actions that only look."""

import json
from pathlib import Path

import yaml
from sample_plugin import SamplePlugin, Served

from bosun_core import ActionStatus, ActionStatusInfo, BosunError, DeploymentState, answers


class ListForgetsOne(SamplePlugin):
    def deployment_list(self):
        return answers.list_of(self._entries()[:1])


class ListShowsAnotherEnvironment(SamplePlugin):
    def deployment_list(self):
        records = Path(self.settings.folder).glob("*/*/deployment.json")
        found = {record.parent.name: Served(**json.loads(record.read_text())) for record in records}
        return answers.list_of(self._entry(name, served) for name, served in found.items())


class ListIsNullWhereNothingRuns(SamplePlugin):
    def deployment_list(self):
        outcome = super().deployment_list()
        outcome.data = outcome.data or None
        return outcome


class ListReadsIdsAsYaml(SamplePlugin):
    def deployment_list(self):
        outcome = super().deployment_list()
        outcome.data = {str(yaml.safe_load(name)): entry for name, entry in outcome.data.items()}
        return outcome


class ListKeepsACache(SamplePlugin):
    def deployment_list(self):
        outcome = super().deployment_list()
        if self.home.exists():
            (self.home / ".cache").write_text(json.dumps(outcome.data))
        return outcome


class ListIsEmptyWhereItCannotLook(SamplePlugin):
    def deployment_list(self):
        try:
            return super().deployment_list()
        except BosunError:
            return answers.list_of([])


class EntryNamesNoWorkloads(SamplePlugin):
    def _entry(self, name, served):
        return super()._entry(name, served)._replace(workloads=())


class StatusEchoesTheAgent(SamplePlugin):
    def deployment_status(self, info):
        outcome = super().deployment_status(info)
        if outcome.data and info.model_id:
            outcome.data = {**outcome.data, "currentModelId": info.model_id}
        return outcome


class UnknownIsPassing(SamplePlugin):
    def deployment_status(self, info):
        outcome = super().deployment_status(info)
        if self._look(info.id) is None:
            return ActionStatusInfo(ActionStatus.OK, outcome.msg, DeploymentState.STOPPED)
        return outcome


class UnknownIsTakenForAnother(SamplePlugin):
    """Tells what runs, whatever was asked for; only where nothing runs it says so."""

    def deployment_status(self, info):
        entries = self._entries()
        if self._look(info.id) is None and entries:
            return entries[0].as_status()
        return super().deployment_status(info)


class StatusBelievesWhatWasWritten(SamplePlugin):
    def deployment_status(self, info):
        served = self._look(info.id)
        if served is None:
            return super().deployment_status(info)
        return answers.DeploymentEntry(info.id, served.model, workloads=(str(self._folder(info.id)),)).as_status()


class StatusTellsAnotherUrl(SamplePlugin):
    def deployment_status(self, info):
        outcome = super().deployment_status(info)
        if outcome.data:
            outcome.data = {**outcome.data, "predictionUrl": "http://localhost/of-the-status"}
        return outcome


class StatusRemembersInTheProcess(SamplePlugin):
    """Looks once, and then only where this very process has changed something."""

    remembered: dict[str, object] = {}  # noqa: RUF012  # that it is shared is the fault

    def deployment_status(self, info):
        if info.id not in self.remembered:
            self.remembered[info.id] = super().deployment_status(info)
        return self.remembered[info.id]

    def _bring(self, info, model, served):
        self.remembered.clear()
        return super()._bring(info, model, served)

    def deployment_stop(self, info):
        self.remembered.clear()
        return super().deployment_stop(info)


class _PEStatus(SamplePlugin):
    def pe_status(self):
        listed = self.pe_info.deployments if self.pe_info else None
        return self.compared(self._entries(), listed)


class PEStatusIgnoresTheUnlisted(_PEStatus):
    def compared(self, entries, listed):
        return answers.environment_status([one for one in entries if one.deployment_id in (listed or ())], listed, "")


class PEStatusTakesNoListForAnEmptyOne(_PEStatus):
    def compared(self, entries, listed):
        return answers.environment_status(entries, listed or [], "")


class PEStatusMissesTheMissing(_PEStatus):
    def compared(self, entries, listed):
        here = [one.deployment_id for one in entries]
        return answers.environment_status(entries, listed and [name for name in listed if name in here], "")


class PEStatusAlwaysWarns(_PEStatus):
    def compared(self, entries, listed):
        return answers.environment_status(entries, listed, "", warnings=["this is a test environment"])


class PEStatusNamesNobody(_PEStatus):
    def compared(self, entries, listed):
        outcome = answers.environment_status(entries, listed, "")
        outcome.msg = "something is not as it is to be"
        return outcome


class PEStatusOverlooksWhatIsBroken(_PEStatus):
    def compared(self, entries, listed):
        fine = [one._replace(status=ActionStatus.OK, state=DeploymentState.READY) for one in entries]
        return answers.environment_status(fine, listed, "")


class PEStatusWithoutAListOnlyCounts(_PEStatus):
    def compared(self, entries, listed):
        outcome = answers.environment_status(entries, listed, "")
        return ActionStatusInfo(ActionStatus.OK, outcome.msg, data=outcome.data) if listed is None else outcome


class PEStatusWithoutAListHasNoEntries(_PEStatus):
    def compared(self, entries, listed):
        outcome = answers.environment_status(entries, listed, "")
        outcome.data = {"deploymentsStatus": {}} if listed is None else outcome.data
        return outcome


class PEStatusTakesTheUnseenForGone(SamplePlugin):
    """As if it had looked and nothing were there."""

    def pe_status(self):
        try:
            return super().pe_status()
        except BosunError as error:
            outcome = answers.environment_status([], self.pe_info.deployments, "")
            return ActionStatusInfo(ActionStatus.ERROR, str(error), data=outcome.data)


class StatusTakesTheUnseenForGone(SamplePlugin):
    def deployment_status(self, info):
        try:
            return super().deployment_status(info)
        except BosunError:
            return answers.unknown_deployment(info.id)


class PEStatusIsAlwaysFine(SamplePlugin):
    def pe_status(self):
        try:
            outcome = super().pe_status()
            return outcome if outcome.status is not ActionStatus.ERROR else answers.environment_status([], None, "fine")
        except BosunError:
            return answers.environment_status([], None, "fine")
