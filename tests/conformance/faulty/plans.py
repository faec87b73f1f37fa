"""Plugins on the lifecycle whose steps are not what they say."""

from bosun_core.lifecycle.steps import Change, Step
from bosun_fs.backend import FilesystemBackend
from bosun_fs.plugin import FilesystemPlugin


class FaultyBackend(FilesystemBackend):
    dry_run = False


class PlansWithoutTheLastStep(FilesystemPlugin):
    def backend(self):
        class Backend(FaultyBackend):
            dry_run = self.dry_run

            def rollout(self, desired, observed):
                change = super().rollout(desired, observed)
                return change._replace(steps=change.steps[:-1]) if self.dry_run else change

        return Backend(self.settings, "")


class DoesMoreThanItPlans(FilesystemPlugin):
    """Its last step does the work of two."""

    def backend(self):
        class Backend(FaultyBackend):
            def removal(self, observed):
                change = super().removal(observed)
                executed = []

                def also() -> None:
                    executed.append(1)

                return Change((*change.steps, Step("tidy", "up", also))) if len(change.steps) == 1 else change

        backend = Backend(self.settings, "")
        if self.dry_run:
            return FilesystemBackend(self.settings, "")
        return backend


class CommitsTooEarly(FilesystemPlugin):
    """Takes the first step for the one that counts: what fails after it is only a warning."""

    def backend(self):
        class Backend(FaultyBackend):
            def rollout(self, desired, observed):
                return super().rollout(desired, observed)._replace(commit=0, is_committed=None)

        return Backend(self.settings, "")


class FailsAfterTheCommit(FilesystemPlugin):
    """Calls a replacement failed whose old folder could not be removed."""

    def deployment_replace_model(self, info):
        outcome = super().deployment_replace_model(info)
        if outcome.status.value == "warning":
            outcome.status, outcome.state = type(outcome.status).ERROR, "errored"
        return outcome
