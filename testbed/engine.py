"""Which Docker engine the tests have: the one that is reachable, else one of our own."""

import os

from testbed import debian
from testbed.dockerd import own_engine
from testbed.errors import TestbedError
from testbed.running import Environ, ask

ANSWER_SECONDS = 20
# What the Docker CLI reads, handed on to the tests as it is.
CLI_VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


def up() -> Environ:
    """Return the environment variables that lead to an engine: the reachable one, else ours, started if need be.

    Raises:
        TestbedError: the engine that the environment names does not answer, or ours cannot be had or does not start.
    """
    engine = own_engine()
    if os.environ.get("DOCKER_HOST") != engine.host:
        reachable = _reachable()
        if reachable is not None:
            return reachable
    if not engine.runs:
        if os.geteuid() != 0:
            raise TestbedError("no Docker engine answers, and only root can start one: start yours, or set DOCKER_HOST")
        debian.install({"dockerd": "docker.io", "iptables": "iptables", "openssl": "openssl"})
        debian.install({"docker-registry": "docker-registry"})  # for tests that pull
        debian.install({"docker": "docker-cli"})  # from Debian 13 on a package of its own
        print("starting an engine", flush=True)
        engine.start()
    return engine.variables


def down() -> bool:
    """Stop our own engine with all that runs in it; return whether there was one. Another's engine is left alone.

    Raises:
        TestbedError: it does not end in time.
    """
    engine = own_engine()
    if not engine.runs:
        if not engine.left_containers:
            return False
        print("the engine was killed: starting it once more, to end its containers", flush=True)
        engine.start()
    engine.stop()
    return True


def restart() -> None:
    """End our own engine and start it again with what it has: what a test of an engine's restart does.

    Raises:
        TestbedError: it does not run, or does not come back.
    """
    engine = own_engine()
    if not engine.runs:
        raise TestbedError("no engine of the testbed runs: run `make testbed-docker`")
    engine.restart()


def _reachable() -> Environ | None:
    """Return the variables of an engine that is not ours; None where none answers and none is named."""
    given = {name: os.environ[name] for name in CLI_VARIABLES if os.environ.get(name)}
    try:
        version = ask(["docker", "version", "--format", "{{.Server.Version}}"], seconds=ANSWER_SECONDS).strip()
    except TestbedError as error:
        if "DOCKER_HOST" in given or "DOCKER_CONTEXT" in given:
            names = " ".join(f"{name}={value}" for name, value in given.items())
            raise TestbedError(f"{names}: no engine answers there; correct or unset it ({error})") from None
        return None
    print(f"using the engine that is there already: Docker {version}", flush=True)
    return given
