"""Plugins that do the wrong thing, or tell it wrongly, where the workload of a deployment was removed."""

from sample_plugin import SamplePlugin

from bosun_core import ActionStatus, answers


class _SeesWhatIsGone(SamplePlugin):
    def is_gone(self, name):
        served = self._look(name)
        return served is not None and not (self._folder(name) / served.package).exists()


class ReplacementOfARemovedWorkloadIsOnlyPlanned(_SeesWhatIsGone):
    """Takes what is not there for a dry run."""

    def deployment_replace_model(self, info):
        if not self.is_gone(info.id):
            return super().deployment_replace_model(info)
        steps = [f"copy {info.model_artifact} to {self._folder(info.id)}", f"serve model {info.new_model_id}"]
        return answers.planned(None, steps)


class ReplacementOfARemovedWorkloadIsOnlyReported(_SeesWhatIsGone):
    """Passes with what ought to be, and does nothing."""

    def deployment_replace_model(self, info):
        if not self.is_gone(info.id):
            return super().deployment_replace_model(info)
        return answers.DeploymentEntry(info.id, info.new_model_id).as_status()


class RelaunchCallsARemovedWorkloadUnknown(_SeesWhatIsGone):
    def deployment_relaunch(self, info):
        if self.is_gone(info.id) and info.model_artifact is None:
            return answers.unknown_deployment(info.id)
        return super().deployment_relaunch(info)


class FailedRelaunchTellsOfAnOldModelThatIsGone(_SeesWhatIsGone):
    def deployment_relaunch(self, info):
        is_gone = self.is_gone(info.id)
        outcome = super().deployment_relaunch(info)
        if is_gone and outcome.status is ActionStatus.ERROR:
            outcome.data = answers.old_model_in_use("A")
        return outcome


class RelaunchRefusesARemovedWorkload(_SeesWhatIsGone):
    """Refuses also where it is given a package."""

    def deployment_relaunch(self, info):
        if self.is_gone(info.id):
            return answers.nothing_kept(info.id, "its package is gone")
        return super().deployment_relaunch(info)


class ListBelievesWhatWasWritten(SamplePlugin):
    def deployment_list(self):
        found = {name: self._look(name) for name in super().deployment_list().data}
        return answers.list_of(answers.DeploymentEntry(name, served.model) for name, served in found.items())
