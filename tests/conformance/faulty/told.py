"""Plugins that do the right thing, and tell what they must not, or tell it wrongly."""

import base64
import os
import time

from sample_plugin import SamplePlugin

from bosun_core import DeploymentInfo, DeploymentState


def token() -> str:
    return os.environ.get("MLOPS_API_TOKEN", "none")


class TellsTheTokenInAHeader(SamplePlugin):
    """The runner masks the token itself; this is how it goes over the wire."""

    def deployment_start(self, info):
        outcome = super().deployment_start(info)
        header = base64.b64encode(f"bosun:{token()}".encode()).decode()
        outcome.msg = f"{outcome.msg}; registered with Authorization: Basic {header}"
        return outcome


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
