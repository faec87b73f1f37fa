"""A namespace of the cluster for the benchmarks, with an environment of the plugin; all of it is gone at the end."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from environment import CACHE, Installed, set_variables, testbed_variables

VARIABLES = CACHE / "k8s.env"
SCHEMA = "bosun.datarobot.com/schema=1"


class Place(NamedTuple):
    """What the Kubernetes plugin's settings lead to."""

    installed: Installed
    variables: dict[str, str]
    namespace: str

    def kubectl(self, *words: str | Path, given: str | None = None) -> str:
        """Return what `kubectl -n NAMESPACE WORDS` prints."""
        command = [*self.kubectl_words(), *map(str, words)]
        done = subprocess.run(command, input=given, capture_output=True, text=True, env=self.variables, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout.strip()

    def kubectl_words(self) -> list[str]:
        """Return the beginning of a command."""
        return [self.variables["BOSUN_TEST_K8S_KUBECTL"], "-n", self.namespace]

    def objects(self, kinds: str) -> list[dict[str, Any]]:
        """Return the objects of some kinds that the plugin made."""
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", kinds, "-l", SCHEMA, "-o", "json"))["items"]
        return found

    def runner(self, action: str, info: dict[str, Any] | None = None, **settings: Any) -> list[str | Path]:
        """Return the command of one action, which ends with 0 unless it is failing; `settings` are further ones."""
        command = self.installed.command_of("k8s", action, {"deploymentInfo": info}, self.settings() | settings)
        return [*command, "--exit-codes"]

    def settings(self) -> dict[str, Any]:
        """Return a private configuration that leads here."""
        return {
            "kubeConfigContext": self.kubectl("config", "current-context"),
            "kubeNamespace": self.namespace,
            "environmentId": self.namespace,
            "outfacingPredictionURLPrefix": f"{self.variables['BOSUN_TEST_K8S_GATEWAY_URL']}/{self.namespace}",
            "ppsBaseImage": self.variables["BOSUN_TEST_K8S_PPS_IMAGE"],
            "generatedImageRepo": f"{self.variables['BOSUN_TEST_K8S_REGISTRY']}/{self.namespace}/models",
            "gateway": self.variables["BOSUN_TEST_K8S_GATEWAY"],
        }


def variables() -> dict[str, str] | None:
    """Return the environment that leads to the testbed's cluster; None where there is none."""
    written = testbed_variables(VARIABLES)
    return None if written is None else {**os.environ, **written}


@contextmanager
def place(installed: Installed, variables: dict[str, str]) -> Iterator[Place]:
    """Yield a place, which is removed at the end; the commands of `measure` get its variables too."""
    made = Place(installed, variables, f"bench-{secrets.token_hex(3)}")
    with set_variables(variables):
        made.kubectl("create", "namespace", made.namespace)
        try:
            yield made
        finally:
            made.kubectl("delete", "namespace", made.namespace)
