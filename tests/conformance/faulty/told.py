"""Plugins that do the right thing, and tell what they must not, or tell it wrongly."""

import base64
import json
import os
import time

from sample_plugin import SamplePlugin

from bosun_core import ActionStatus, DeploymentInfo, DeploymentState


def token() -> str:
    return os.environ.get("MLOPS_API_TOKEN", "none")


class TellsTheTokenInAHeader(SamplePlugin):
    """The runner masks what it writes, but not what a plugin prints; this is how the token goes over the wire."""

    def deployment_start(self, info):
        header = base64.b64encode(f"bosun:{token()}".encode()).decode()
        print(f"registering with Authorization: Basic {header}")
        return super().deployment_start(info)


class PrintsTheToken(SamplePlugin):
    def deployment_replace_model(self, info):
        print("registering with", token())
        return super().deployment_replace_model(info)


class FailsWithTheToken(SamplePlugin):
    def deployment_replace_model(self, info):
        try:
            return super().deployment_replace_model(info)
        except Exception:
            print("the registry refused", token())
            raise


class FailsWithTheHeader(SamplePlugin):
    """Its own handler prints the error, in which the password looks different from what it is."""

    def deployment_replace_model(self, info):
        try:
            return super().deployment_replace_model(info)
        except Exception:
            header = f"Basic {os.environ.get('REGISTRY_PASSWORD', 'none')}"
            print(f"cannot log in: ValueError: Invalid header value {header!r}")
            raise


class FailsWithTheLoginAsJson(SamplePlugin):
    def deployment_replace_model(self, info):
        try:
            return super().deployment_replace_model(info)
        except Exception:
            print("cannot log in:", json.dumps({"password": os.environ.get("REGISTRY_PASSWORD", "none")}))
            raise


class KeepsTheToken(SamplePlugin):
    def deployment_start(self, info):
        settings = {**info.key_value_config, "MLOPS_API_TOKEN": token()}
        return super().deployment_start(DeploymentInfo({**info.raw, "keyValueConfig": settings}))


class KeepsTheConfiguration(SamplePlugin):
    def deployment_start(self, info):
        settings = {**info.key_value_config, "given": dict(self.plugin_config)}
        return super().deployment_start(DeploymentInfo({**info.raw, "keyValueConfig": settings}))


class DurationIsInMilliseconds(SamplePlugin):
    def deployment_start(self, info):
        began = time.monotonic()
        outcome = super().deployment_start(info)
        outcome.duration = (time.monotonic() - began) * 1000
        return outcome


class TimestampIsInSeconds(SamplePlugin):
    def deployment_start(self, info):
        outcome = super().deployment_start(info)
        outcome.timestamp = int(time.time())
        return outcome


class MessageHasSeveralLines(SamplePlugin):
    def deployment_start(self, info):
        outcome = super().deployment_start(info)
        outcome.msg = f"{outcome.msg}\n  done in {time.process_time():.0f} s\n"
        return outcome


class PEStatusHasTheStateOfADeployment(SamplePlugin):
    def pe_status(self):
        outcome = super().pe_status()
        outcome.state = DeploymentState.READY
        return outcome


class FinishedReplacementIsStillReplacing(SamplePlugin):
    """Takes its own lock for somebody else's."""

    def deployment_replace_model(self, info):
        outcome = super().deployment_replace_model(info)
        if outcome.status is ActionStatus.OK:
            outcome.state = DeploymentState.REPLACING_MODEL
        return outcome


class FinishedRelaunchIsStillLaunching(SamplePlugin):
    def deployment_relaunch(self, info):
        outcome = super().deployment_relaunch(info)
        if outcome.status is ActionStatus.OK:
            outcome.state = DeploymentState.LAUNCHING
        return outcome


class FinishedStopIsStillShuttingDown(SamplePlugin):
    def deployment_stop(self, info):
        outcome = super().deployment_stop(info)
        outcome.state = DeploymentState.SHUTTING_DOWN
        return outcome
