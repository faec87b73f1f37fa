"""A place on the engine for one test module: a network, a container prefix and ports of its own, seen from outside."""

import http.client
import io
import json
import os
import socket
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from bosun_core.runner import ActionRequest, run_action

ROUTES = "/etc/bosun/routes"
LABEL = "com.datarobot.bosun"
REQUESTS_OF_A_CONNECTION = 20


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Place:
    """What a plugin's settings lead to, through the Docker CLI alone."""

    variables: dict[str, str]
    prefix: str
    network: str
    port: int

    def __call__(self, *words: str | Path, seconds: float = 120, check: bool = True) -> str:
        """What `docker WORDS` prints."""
        return self.raw(*words, seconds=seconds, check=check).decode().strip()

    def raw(self, *words: str | Path, seconds: float = 120, check: bool = True) -> bytes:
        command = ["docker", *map(str, words)]
        ended = subprocess.run(command, capture_output=True, timeout=seconds, env=self.variables)
        assert ended.returncode == 0 or not check, f"{' '.join(command)}\n{ended.stderr.decode()}"
        return ended.stdout

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def proxy(self) -> str:
        return f"{self.prefix}traefik"

    @staticmethod
    def other_port() -> int:
        """A port that nothing listens on now."""
        return free_port()

    def settings(self, **more: Any) -> dict[str, Any]:
        """A private configuration that leads here."""
        return {
            "dockerNetwork": self.network,
            "containerNamePrefix": self.prefix,
            "generatedImagePrefix": self.prefix,
            "traefikImage": self.variables["BOSUN_TEST_TRAEFIK_IMAGE"],
            "rabbitmqImage": self.variables["BOSUN_TEST_RABBITMQ_IMAGE"],
            "ppsBaseImage": self.variables["BOSUN_TEST_PPS_IMAGE"],
            "outfacingPredictionURLPrefix": self.url,
            "readinessLimit": 20,
            "drainLimit": 10,
            **more,
        }

    def containers(self) -> dict[str, str]:
        """Names and ids of the place's containers, running or not."""
        lines = self("ps", "-a", "--no-trunc", "--filter", f"name=^{self.prefix}", "--format", "{{.Names}} {{.ID}}")
        return dict(line.split() for line in lines.splitlines())

    def images(self) -> list[str]:
        """Ids of the images that were generated here."""
        place = f"{self.network}/{self.prefix}"
        return self("image", "ls", "-q", "--no-trunc", "--filter", f"label={LABEL}.place={place}").split()

    def volumes(self) -> list[str]:
        return self("volume", "ls", "-q", "--filter", f"name=^{self.prefix}").split()

    def route_files(self) -> dict[str, str]:
        """The route files that lead somewhere, by name."""
        if self.proxy not in self.containers():
            return {}
        found = {}
        with tarfile.open(fileobj=io.BytesIO(self.raw("cp", f"{self.proxy}:{ROUTES}", "-"))) as archive:
            for member in archive:
                if member.isreg():
                    text = archive.extractfile(member).read().decode()
                    found[member.name.rpartition("/")[2]] = text
        return {name: text for name, text in found.items() if text.strip() != "{}"}

    def blank_routes(self) -> None:
        for name in self.route_files():
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as archive:
                member = tarfile.TarInfo(name)
                member.size = 3
                archive.addfile(member, io.BytesIO(b"{}\n"))
            subprocess.run(
                ["docker", "cp", "-", f"{self.proxy}:{ROUTES}"],
                input=buffer.getvalue(),
                env=self.variables,
                check=True,
                capture_output=True,
            )

    def clear(self, *, keep_proxy: bool = False) -> None:
        """Remove all that stands here; with `keep_proxy` the proxy goes on, and leads nowhere."""
        there = self.containers()
        running = self("ps", "-q", "--no-trunc", "--filter", f"name=^{self.proxy}$")
        kept = {there[self.proxy]} if keep_proxy and running else set()
        gone = [one for one in there.values() if one not in kept]
        if gone:
            self("rm", "--force", "--volumes", *gone)
        if images := self.images():
            self("image", "rm", "--force", *set(images))
        if kept:
            self.blank_routes()
        if volumes := [one for one in self.volumes() if not kept or one != f"{self.prefix}routes"]:
            self("volume", "rm", *volumes)

    def story(self) -> str:
        """State and last words of every container."""
        told = []
        for name in self.containers():
            state = self("inspect", "--format", "{{.Config.Image}} {{json .State}}", name, check=False)
            command = ["docker", "logs", "--tail", "20", name]
            both = subprocess.run(command, env=self.variables, stdout=-1, stderr=subprocess.STDOUT, text=True)
            told.append(f"{name} {state}\n{both.stdout}")
        return "\n".join([*told, json.dumps(self.route_files())])


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, docker_variables: dict[str, str]) -> Iterator[Place]:
    name = uuid.uuid4().hex[:6]
    made = Place(docker_variables, f"bt{name}_", f"bosun-test-{name}", free_port())
    try:
        made("network", "create", made.network)
    except (AssertionError, OSError) as error:
        pytest.fail(f"the engine does not answer, run `make testbed-docker` again: {error}", pytrace=False)
    patch = pytest.MonkeyPatch()
    for variable, value in docker_variables.items():
        if variable.startswith("DOCKER_"):
            patch.setenv(variable, value)
    failed_before = request.session.testsfailed
    try:
        yield made
        if request.session.testsfailed > failed_before:
            print(made.story())
    finally:
        patch.undo()
        made.clear()
        made("network", "rm", made.network)


@pytest.fixture
def clean(place: Place) -> Place:
    """The place, with nothing in it but perhaps its proxy."""
    place.clear(keep_proxy=True)
    return place


@pytest.fixture
def act(place: Place, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs one action through the runner, and returns its status."""

    def run(
        action: str,
        info: dict[str, Any] | None = None,
        *,
        dry_run: bool = False,
        pe: Any = None,
        plugin_config: Any = None,
        **settings: Any,
    ) -> dict[str, Any]:
        sections = {"pluginConfig": plugin_config or {}, "peInfo": pe, "deploymentInfo": info}
        config, private = tmp_path / "config.yaml", tmp_path / "private.yaml"
        config.write_text(json.dumps(sections))
        private.write_text(yaml.safe_dump(place.settings(**settings)))
        status = run_action(ActionRequest("docker", action, str(config), str(private), dry_run))
        print(action, info, "->", json.dumps(status))
        return status

    return run


@pytest.fixture(autouse=True)
def _quick_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each action takes a second here: the kit's thorough profiles are for nights."""
    if "BOSUN_CONFORMANCE" not in os.environ:
        monkeypatch.setenv("BOSUN_CONFORMANCE", "quick")


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., str]:
    """Makes a model package, and returns its path."""
    from prediction_server.make_package import write_package

    def make(name: str = "A", **faults: Any) -> str:
        path = tmp_path / f"{name}-{len(list(tmp_path.glob('*.mlpkg')))}.mlpkg"
        write_package(path, "linear", seed=sum(name.encode()), faults=faults or None)
        return str(path)

    return make


@pytest.fixture
def predict() -> Iterator[Callable[..., str]]:
    """Sends one prediction and returns the id of the model that answered."""

    own = threading.local()
    opened: list[http.client.HTTPConnection] = []

    def connection(netloc: str) -> http.client.HTTPConnection:
        """Each thread's own, a fresh one now and then: one for each request would use up the machine's ports."""
        own.asked = getattr(own, "asked", 0) + 1
        if own.asked % REQUESTS_OF_A_CONNECTION == 1 or own.netloc != netloc:
            if hasattr(own, "open"):
                own.open.close()
            own.netloc, own.open = netloc, http.client.HTTPConnection(netloc, timeout=10)
            opened.append(own.open)
        return own.open

    def ask(url: str) -> str:
        address = urlsplit(url)
        path = f"{address.path}?{address.query}" if address.query else address.path
        link = connection(address.netloc)
        try:
            link.request("POST", path, b'[{"x": 1, "y": 2}]', {"Content-Type": "application/json"})
            response = link.getresponse()
            content = response.read()
        except BaseException:
            link.close()
            raise
        if response.status != http.client.OK:
            raise ConnectionError(f"{response.status} {content[:200]!r}")
        return str(json.loads(content)["modelId"])

    yield ask
    for link in opened:
        link.close()
