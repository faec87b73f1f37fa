"""A place on the engine: a network, a container prefix and ports of its own, seen from outside."""

import io
import json
import socket
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUTES = "/etc/bosun/routes"
LABEL = "com.datarobot.bosun"


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
        self.put_routes(dict.fromkeys(self.route_files(), "{}\n"))

    def put_routes(self, files: dict[str, str]) -> None:
        """Write route files, text by name."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, text in files.items():
                content, member = text.encode(), tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
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

    def remove_network(self) -> None:
        """Remove the network.

        An engine loses count of what joins and leaves at once (moby/moby issue 42119), and then keeps until its next
        start a network on which it names nothing itself: that one stays.
        """
        try:
            self("network", "rm", self.network)
        except AssertionError as error:
            inside = self("network", "inspect", "--format", "{{json .Containers}}", self.network)
            if inside != "{}" or "has active endpoints" not in str(error):
                raise AssertionError(f"{error}\non it: {inside}") from None

    def story(self) -> str:
        """State and last words of every container."""
        told = []
        for name in self.containers():
            state = self("inspect", "--format", "{{.Config.Image}} {{json .State}}", name, check=False)
            command = ["docker", "logs", "--tail", "20", name]
            both = subprocess.run(command, env=self.variables, stdout=-1, stderr=subprocess.STDOUT, text=True)
            told.append(f"{name} {state}\n{both.stdout}")
        return "\n".join([*told, json.dumps(self.route_files())])
