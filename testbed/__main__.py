"""The one entry of the testbed: `python3 -m testbed docker|k8s up|env|restart|down`."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from testbed import building, engine, environment
from testbed.docker_cli import DockerCli
from testbed.errors import TestbedError
from testbed.k8s import half as cluster
from testbed.places import locked


@dataclass(frozen=True)
class Half:
    """What the testbed does for one kind of environment."""

    name: str
    up: Callable[[], Mapping[str, str | None]]
    """Returns the variables that the tests read."""
    restart: Callable[[], None]
    down: Callable[[], bool]
    """Returns whether something ran."""

    def do(self, verb: str) -> None:
        """Do what the command line asks for."""
        file = environment.file_of(self.name)
        if verb == "up":
            began = time.monotonic()
            variables = self.up()
            environment.write(file, variables)
            print(environment.as_text(variables), end="")
            print(f"up in {time.monotonic() - began:.1f} s; these variables are in {file}")
        elif verb == "env":
            if not file.exists():
                raise TestbedError(f"nothing is up: run `make testbed-{self.name}`")
            print(file.read_text(encoding="utf-8"), end="")
        elif verb == "restart":
            self.restart()
        else:
            stopped = self.down()
            file.unlink(missing_ok=True)
            print(f"{self.name}: stopped" if stopped else f"{self.name}: nothing of the testbed runs")


def _docker_up() -> Mapping[str, str | None]:
    leading = engine.up()
    return {environment.RUN_DOCKER_TESTS: "1", **leading, **building.up(DockerCli(leading))}


HALVES = {
    "docker": Half("docker", _docker_up, engine.restart, engine.down),
    "k8s": Half("k8s", cluster.up, cluster.restart, cluster.down),
}


def main() -> int:
    """Do what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m testbed", description="Makes real engines for the tests.")
    parser.add_argument("half", choices=HALVES, help="which engine")
    parser.add_argument(
        "verb",
        choices=["up", "env", "restart", "down"],
        help="up: engine or cluster and images, made where missing; env: print what the tests need; "
        "restart: the engine or the API server, with all that it has; down: stop what was started",
    )
    given = parser.parse_args()
    try:
        with locked(given.half):
            HALVES[given.half].do(given.verb)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
