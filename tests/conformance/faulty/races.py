"""Plugins that do well alone, and not where two meet or where a signal comes."""

import json
from contextlib import contextmanager

from sample_plugin import SamplePlugin

from bosun_core import ActionStatus, ActionStatusInfo, DeploymentState, Interruption, answers


class HoldsNoLock(SamplePlugin):
    @contextmanager
    def _holding(self, info):
        if not self.dry_run:
            self.home.mkdir(parents=True, exist_ok=True)
        yield self._look(info.id)
        if not self.dry_run:
            self._tidy(info.id)


class KeepsOneIndexForAll(SamplePlugin):
    """Lists what its index names; the index is read, changed and written by each start, with nobody else kept away."""

    @property
    def index(self):
        return self.home / ".index"

    def deployment_start(self, info):
        named = json.loads(self.index.read_text()) if self.index.exists() else []
        outcome = super().deployment_start(info)
        if not self.dry_run:
            self.index.write_text(json.dumps(sorted({*named, info.id})))
        return outcome

    def deployment_list(self):
        named = json.loads(self.index.read_text()) if self.index.exists() else []
        return answers.list_of(one for one in self._entries() if one.deployment_id in named)


class SwallowsTheSignal(SamplePlugin):
    def deployment_replace_model(self, info):
        try:
            return super().deployment_replace_model(info)
        except Interruption:
            data = {"currentModelId": info.new_model_id}
            return ActionStatusInfo(ActionStatus.OK, "replaced", DeploymentState.READY, data=data)


class LeavesHalfOnASignal(SamplePlugin):
    """Tidies up where all went well, or an error came; a signal is neither."""

    ended_by_a_signal = False

    def _bring(self, info, model, served):
        try:
            return super()._bring(info, model, served)
        except Interruption:
            self.ended_by_a_signal = True
            raise

    def _tidy(self, name):
        if not self.ended_by_a_signal:
            super()._tidy(name)


class StopEndsInTheMiddle(SamplePlugin):
    """Marks where a signal ended it, for a next time that never looks."""

    def deployment_stop(self, info):
        try:
            return super().deployment_stop(info)
        except Interruption:
            (self.home / f"{info.id}.stopping").touch()
            raise
