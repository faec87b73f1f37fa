"""Plugins that keep every promise but one of a replacement or a relaunch."""

import shutil
import tempfile
from pathlib import Path

from sample_plugin import SamplePlugin

from bosun_core import BosunError, BosunPluginBase, DeploymentInfo, EnvironmentFailure, answers


class _FailedReplacementTells(SamplePlugin):
    def deployment_replace_model(self, info):
        try:
            return super().deployment_replace_model(info)
        except BosunError as error:
            error.data = self.told(info, dict(error.data or {}))
            raise


class FailedReplacementTellsTheNewModel(_FailedReplacementTells):
    def told(self, info, data):
        return {**data, "currentModelId": info.new_model_id}


class FailedReplacementDoesNotSayThatTheOldOneServes(_FailedReplacementTells):
    def told(self, info, data):
        return {"currentModelId": data.get("currentModelId")}


class ReplacementStartsTheUnknown(SamplePlugin):
    def deployment_replace_model(self, info):
        if self._look(info.id) is None:
            return self.deployment_start(DeploymentInfo({**info.raw, "modelId": info.new_model_id}))
        return super().deployment_replace_model(info)


class ReplacementIsStopThenStart(SamplePlugin):
    def deployment_replace_model(self, info):
        served = self._look(info.id)
        if served and served.model != info.new_model_id and Path(info.model_artifact).exists() and not self.dry_run:
            self.deployment_stop(info)
            return self.deployment_start(DeploymentInfo({**info.raw, "modelId": info.new_model_id}))
        return super().deployment_replace_model(info)


class ReplacementIgnoresThePackage(SamplePlugin):
    def deployment_replace_model(self, info):
        served = self._look(info.id)
        if served and served.model == info.new_model_id and not info.key_value_config:
            return answers.already_serves(self._entry(info.id, served))
        return super().deployment_replace_model(info)


class ReplacementIgnoresTheSettings(SamplePlugin):
    def deployment_replace_model(self, info):
        served = self._look(info.id)
        settings = served.settings if served else {}
        return super().deployment_replace_model(DeploymentInfo({**info.raw, "keyValueConfig": settings}))


class ReplacementIsDoneAgain(SamplePlugin):
    def deployment_replace_model(self, info):
        served = self._look(info.id)
        if served and served.model == info.new_model_id and not self.dry_run:
            record = self._folder(info.id) / "deployment.json"
            record.write_text(record.read_text())
        return super().deployment_replace_model(info)


class ReplacementRefusesAThirdModel(SamplePlugin):
    def deployment_replace_model(self, info):
        served = self._look(info.id)
        if served and served.model not in (info.model_id, info.new_model_id):
            return answers.failing(f"deployment {info.id} serves {served.model}", "errored")
        return super().deployment_replace_model(info)


class ReplacementKeepsTheOldPackage(SamplePlugin):
    """Takes the package that it has where it has one."""

    def deployment_replace_model(self, info):
        served = self._look(info.id)
        if served is None or served.model == info.new_model_id or not Path(info.model_artifact).exists():
            return super().deployment_replace_model(info)
        kept = str(self._folder(info.id) / served.package)
        return super().deployment_replace_model(DeploymentInfo({**info.raw, "modelArtifact": kept}))


class LoadsAfterTheSwitch(SamplePlugin):
    """Loads a package when it is in place already; one that does not load stays there."""

    def _bring(self, info, model, served):
        outcome = super()._bring(info, model, served)
        folder, now = self._folder(info.id), self._look(info.id)
        if now is not None and not self.dry_run and ", good" not in (folder / now.package).read_text():
            raise EnvironmentFailure(f"model {now.model} does not load; see its log")
        return outcome


class KilledReplacementLeavesItsCopy(SamplePlugin):
    """Copies the package aside to a place of its own, which only the same process would clear."""

    def deployment_replace_model(self, info):
        if self.dry_run or not Path(info.model_artifact).is_file() or self._look(info.id) is None:
            return super().deployment_replace_model(info)
        aside = Path(tempfile.mkdtemp(prefix=".aside-", dir=self.home))
        try:
            copy = shutil.copy(info.model_artifact, aside)
            return super().deployment_replace_model(DeploymentInfo({**info.raw, "modelArtifact": str(copy)}))
        finally:
            shutil.rmtree(aside)


class RelaunchLosesThePackage(SamplePlugin):
    """Has no relaunch of its own, so that the package is gone with the stop."""

    deployment_relaunch = BosunPluginBase.deployment_relaunch


class RelaunchIsStopThenStart(SamplePlugin):
    def deployment_relaunch(self, info):
        served = self._look(info.id)
        if served is None or info.model_artifact is not None or self.dry_run:
            return super().deployment_relaunch(info)
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copy(self._folder(info.id) / served.package, copy.name)
            self.deployment_stop(info)
            return self.deployment_start(DeploymentInfo({**info.raw, "modelArtifact": copy.name}))


class RelaunchStopsFirst(SamplePlugin):
    def deployment_relaunch(self, info):
        if info.model_artifact is not None and not self.dry_run:
            self.deployment_stop(info)
        return super().deployment_relaunch(info)


class RelaunchIgnoresThePackage(SamplePlugin):
    def deployment_relaunch(self, info):
        if info.model_artifact is not None and Path(info.model_artifact).exists():
            info = DeploymentInfo({key: value for key, value in info.raw.items() if key != "modelArtifact"})
        return super().deployment_relaunch(info)
