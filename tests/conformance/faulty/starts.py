"""Plugins that keep every promise but one of a start. Each is the sample plugin with one lie."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import yaml
from sample_plugin import SamplePlugin, Served

from bosun_core import DeploymentInfo, Interruption, answers, slug_with_hash, write_whole


def wanted(info: DeploymentInfo) -> Served:
    """What a start is to bring."""
    package = hashlib.sha256(Path(info.model_artifact).read_bytes()).hexdigest()
    return Served(info.model_id, package, dict(info.key_value_config))


class _StartIgnores(SamplePlugin):
    """Takes a deployment for what is wanted although something differs."""

    ignored = ""

    def deployment_start(self, info):
        served = self._look(info.id)
        if served and Path(info.model_artifact).exists():
            goal = wanted(info)
            if served != goal and asdict(goal) | {self.ignored: None} == asdict(served) | {self.ignored: None}:
                return answers.already_serves(self._entry(info.id, served))
        return super().deployment_start(info)


class StartIgnoresAChangedPackage(_StartIgnores):
    ignored = "package"


class StartIgnoresChangedSettings(_StartIgnores):
    ignored = "settings"


class StartIgnoresAnotherModel(_StartIgnores):
    """Takes whatever is there for what is wanted."""

    def deployment_start(self, info):
        served = self._look(info.id)
        if served and served.model != info.model_id:
            return self._entry(info.id, served).as_status()
        return super().deployment_start(info)


class StartRestartsWhatRuns(SamplePlugin):
    def deployment_start(self, info):
        served = self._look(info.id)
        outcome = super().deployment_start(info)
        if served and served == self._look(info.id) and not self.dry_run:
            write_whole(self._folder(info.id) / "deployment.json", json.dumps(asdict(served)).encode())
        return outcome


class StartDoesNotMend(SamplePlugin):
    """Believes what it wrote down, and does not look whether it is still there."""

    def deployment_start(self, info):
        served = self._look(info.id)
        if served and Path(info.model_artifact).exists() and served == wanted(info):
            return answers.DeploymentEntry(info.id, served.model).as_status()
        return super().deployment_start(info)


class StartStopsFirst(SamplePlugin):
    def deployment_start(self, info):
        served = self._look(info.id)
        if served and served.model != info.model_id and not self.dry_run:
            self.deployment_stop(info)
        return super().deployment_start(info)


class StartLeavesAFolderWhenItFails(SamplePlugin):
    def deployment_start(self, info):
        try:
            return super().deployment_start(info)
        except Exception:
            self._folder(info.id).mkdir(exist_ok=True)
            raise


class ReadyTooEarly(SamplePlugin):
    """Writes down that the deployment is there, then puts it there; and believes what it wrote."""

    def _bring(self, info, model, served):
        if served is None and not self.dry_run and Path(info.model_artifact or "").is_file():
            self._folder(info.id).mkdir(exist_ok=True)
            write_whole(self._folder(info.id) / "deployment.json", json.dumps(asdict(wanted(info))).encode())
        return super()._bring(info, model, served)

    def _entry(self, name, served):
        return answers.DeploymentEntry(name, served.model, workloads=(str(self._folder(name)),))


class KilledStartIsNeverFinished(SamplePlugin):
    """Marks that it is at work, and refuses to work where somebody did not unmark it."""

    def deployment_start(self, info):
        mark = Path(self.settings.folder) / f".{info.id}.busy"
        mark.parent.mkdir(exist_ok=True)
        if self.dry_run:
            return super().deployment_start(info)
        if mark.exists():
            return answers.failing(f"deployment {info.id} is being started already", "errored")
        mark.touch()
        try:
            return super().deployment_start(info)
        finally:
            mark.unlink()


class FoldsIds(SamplePlugin):
    def _folder(self, deployment_id):
        return super()._folder(str(deployment_id).lower())


class CallsTheFolderByTheName(SamplePlugin):
    def deployment_start(self, info):
        self.called = info.name
        return super().deployment_start(info)

    def _folder(self, deployment_id):
        name = getattr(self, "called", None)
        return super()._folder(slug_with_hash(name, width=40) if name else deployment_id)


class RefusesWhatItDoesNotKnowOfTheAgent(SamplePlugin):
    def deployment_start(self, info):
        unknown = [key for key in self.plugin_config if not key.startswith("MLOPS_") and key != "apiToken"]
        if unknown:
            return answers.failing(f"unknown keys in pluginConfig: {unknown}", "errored")
        return super().deployment_start(info)


class AcceptsAnyKey(SamplePlugin):
    """Reads its private configuration by hand."""

    settings_model = None

    @property
    def settings(self):
        document = yaml.safe_load(Path(self.private_config_file).read_text())
        return SimpleNamespace(folder=document["folder"], environment_id=document.get("environmentId"))


class DryRunActs(SamplePlugin):
    def deployment_start(self, info):
        self.dry_run = False
        return super().deployment_start(info)


class DryRunOfAReplacementActs(SamplePlugin):
    def deployment_replace_model(self, info):
        self.dry_run = False
        return super().deployment_replace_model(info)


class StartAddsToThePackage(SamplePlugin):
    def deployment_start(self, info):
        served = self._look(info.id)
        outcome = super().deployment_start(info)
        now = self._look(info.id)
        if now and now != served and not self.dry_run:
            with (self._folder(info.id) / now.package).open("a") as file:
                file.write("\n")
        return outcome


class StartTellsOfAnOldModelWhenItIsEnded(SamplePlugin):
    def deployment_start(self, info):
        try:
            return super().deployment_start(info)
        except Interruption as error:
            now = self._look(info.id)
            error.data = answers.old_model_in_use(now.model if now else None)
            raise
