"""Plugins that keep every promise but one of a stop, or of the environment's own start and stop."""

import os
import shutil

from sample_plugin import SamplePlugin

from bosun_core import ActionStatus, ActionStatusInfo, answers


class StopLeavesAFolder(SamplePlugin):
    def deployment_stop(self, info):
        outcome = super().deployment_stop(info)
        if not self.dry_run:
            self._folder(info.id).mkdir(exist_ok=True)
        return outcome


class StopRemovesANeighbour(SamplePlugin):
    """Removes whatever begins like the deployment's id."""

    def deployment_stop(self, info):
        if not self.dry_run:
            for folder in self.home.glob(f"{info.id[:1]}*"):
                shutil.rmtree(folder)
        return super().deployment_stop(info)


class StopFailsWhenGone(SamplePlugin):
    def deployment_stop(self, info):
        if self._look(info.id) is None:
            return answers.unknown_deployment(info.id)
        return super().deployment_stop(info)


class StopGoesByTheModel(SamplePlugin):
    def deployment_stop(self, info):
        served = self._look(info.id)
        if served and info.model_id not in (None, served.model):
            return answers.already_stopped(info)
        return super().deployment_stop(info)


class StopRefusesWhatIsBroken(SamplePlugin):
    def deployment_stop(self, info):
        served = self._look(info.id)
        if served and not (self._folder(info.id) / served.package).exists():
            return answers.failing(f"deployment {info.id} is broken", "errored")
        return super().deployment_stop(info)


class KilledStopIsNeverFinished(SamplePlugin):
    """Moves the folder aside, and removes what it moved; what somebody else moved stays."""

    def deployment_stop(self, info):
        if self.dry_run or self._look(info.id) is None:
            return super().deployment_stop(info)
        aside = self.home.with_name(f".{info.id}-{os.getpid()}")
        self._folder(info.id).rename(aside)
        shutil.rmtree(aside)
        return answers.stopped(info, info.model_id)


class StopIsToldTooLate(SamplePlugin):
    """Takes the package away before it strikes the deployment off its list; and believes the list."""

    def deployment_stop(self, info):
        served = self._look(info.id)
        if served and not self.dry_run:
            (self._folder(info.id) / served.package).unlink(missing_ok=True)
        return super().deployment_stop(info)

    def _entry(self, name, served):
        return answers.DeploymentEntry(name, served.model, workloads=(str(self._folder(name)),))


class StopDoesNotSayWhatRan(SamplePlugin):
    def deployment_stop(self, info):
        outcome = super().deployment_stop(info)
        outcome.msg = f"deployment {info.id} is stopped"
        return outcome


class PluginStopStopsDeployments(SamplePlugin):
    def plugin_stop(self):
        if not self.dry_run:
            for folder in self.home.glob("[!.]*"):
                shutil.rmtree(folder)
        return super().plugin_stop()


class PluginStartWorksOnce(SamplePlugin):
    def plugin_start(self):
        if self.home.exists() and not self.dry_run:
            return ActionStatusInfo(ActionStatus.ERROR, f"{self.home} is there already")
        return super().plugin_start()


class PluginStopLeavesTheProxy(SamplePlugin):
    """Brings up a shared part, and never takes it down."""

    def plugin_start(self):
        outcome = super().plugin_start()
        if not self.dry_run:
            (self.home / ".proxy").touch()
        return outcome
