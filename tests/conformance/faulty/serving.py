"""Plugins of an environment that serves: bosun-fs with one lie."""

import threading
import time
from pathlib import Path

from bosun_fs.plugin import FilesystemPlugin

from bosun_core import ActionStatus, ActionStatusInfo, DeploymentInfo, DeploymentState

LOADING = 0.05  # seconds that a model takes to load


def url_of(outcome):
    return (outcome.data or {}).get("predictionUrl")


class ReplacementTakesTheOldAwayFirst(FilesystemPlugin):
    def deployment_replace_model(self, info):
        self.deployment_stop(info)
        time.sleep(LOADING)
        return self.deployment_start(DeploymentInfo({**info.raw, "modelId": info.new_model_id}))


class ReplacementIsReadyTooEarly(FilesystemPlugin):
    """Tells ready while the old model still answers."""

    def deployment_replace_model(self, info):
        def later():
            time.sleep(LOADING)
            replace(info)

        replace = super().deployment_replace_model
        data = {**self.deployment_status(info).data, "currentModelId": info.new_model_id}
        threading.Thread(target=later).start()
        return ActionStatusInfo(ActionStatus.OK, "replaced", DeploymentState.READY, data=data)


class ReplacementTriesAnotherFirst(FilesystemPlugin):
    def deployment_replace_model(self, info):
        super().deployment_replace_model(DeploymentInfo({**info.raw, "newModelId": "rehearsal"}))
        time.sleep(LOADING)
        return super().deployment_replace_model(info)


class RelaunchTakesTheDeploymentAway(FilesystemPlugin):
    def deployment_relaunch(self, info):
        folder = Path(self.settings.base_dir, f"{self.settings.deployment_dir_prefix}{info.id}")
        aside = folder.with_name(".aside")
        folder.rename(aside)
        time.sleep(LOADING)
        aside.rename(folder)
        return super().deployment_relaunch(info)


class PluginStopTakesTheDeploymentsAway(FilesystemPlugin):
    """Moves all deployments aside while the agent is away."""

    def plugin_stop(self):
        base = Path(self.settings.base_dir)
        for folder in base.glob("[!.]*"):
            folder.rename(base / f".{folder.name}")
        return super().plugin_stop()

    def plugin_start(self):
        base = Path(self.settings.base_dir)
        time.sleep(LOADING)
        for folder in base.glob(".d*"):
            folder.rename(base / folder.name[1:])
        return super().plugin_start()


class UrlNamesTheModel(FilesystemPlugin):
    def deployment_replace_model(self, info):
        outcome = super().deployment_replace_model(info)
        if url_of(outcome):
            outcome.data = {**outcome.data, "predictionUrl": f"{url_of(outcome)}?model={info.new_model_id}"}
        return outcome


class UrlIsThatOfAnother(FilesystemPlugin):
    """Gives every deployment the URL of the first."""

    def deployment_status(self, info):
        outcome = super().deployment_status(info)
        listed = self.deployment_list().data
        if outcome.data and listed:
            first = min(listed)
            outcome.data = {**outcome.data, "predictionUrl": listed[first]["data"]["predictionUrl"]}
        return outcome


class ReplacementIsOnlySaid(FilesystemPlugin):
    """Writes the new model down, and leaves the old one where it is."""

    said: dict[str, str] = {}  # noqa: RUF012  # it stands for a label that the plugin reads back

    def deployment_start(self, info):
        self.said.clear()
        return super().deployment_start(info)

    def deployment_replace_model(self, info):
        self.said[info.id] = info.new_model_id
        return self.deployment_status(info)

    def deployment_status(self, info):
        outcome = super().deployment_status(info)
        if outcome.data and info.id in self.said:
            outcome.data = {**outcome.data, "currentModelId": self.said[info.id]}
        return outcome
