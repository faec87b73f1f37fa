"""The one entry of the testbed: `python3 -m testbed docker up|env|restart|down`."""

import argparse
import signal
import sys
import time

from testbed import building, engine, environment
from testbed.docker_cli import DockerCli
from testbed.errors import TestbedError
from testbed.places import locked


def main() -> int:
    """Do what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m testbed", description="Makes real engines for the tests.")
    parser.add_argument("half", choices=["docker"], help="which engine")
    parser.add_argument(
        "verb",
        choices=["up", "env", "restart", "down"],
        help="up: engine and images, made where missing; env: print what the tests need; "
        "restart: the engine, with all that it has; down: stop what was started",
    )
    verb = {"up": _up, "env": _env, "restart": engine.restart, "down": _down}[parser.parse_args().verb]
    try:
        with locked():
            verb()
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _up() -> None:
    began = time.monotonic()
    leading = engine.up()
    named = building.up(DockerCli(leading))
    variables = {environment.RUN_DOCKER_TESTS: "1", **leading, **named}
    environment.write(environment.docker_file(), variables)
    print(environment.as_text(variables), end="")
    print(f"up in {time.monotonic() - began:.1f} s; these variables are in {environment.docker_file()}")


def _env() -> None:
    file = environment.docker_file()
    if not file.exists():
        raise TestbedError("nothing is up: run `make testbed-docker`")
    print(file.read_text(encoding="utf-8"), end="")


def _down() -> None:
    stopped = engine.down()
    environment.docker_file().unlink(missing_ok=True)
    print("stopped" if stopped else "no engine of the testbed runs")


if __name__ == "__main__":
    sys.exit(main())
