"""An engine of our own, with its own data, sockets and process id file."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from testbed import certificates, mounts, processes
from testbed.errors import TestbedError
from testbed.places import cache, logs
from testbed.running import Environ, ask, run

READY_SECONDS = 60
STOP_SECONDS = 60
TLS_HOST = "BOSUN_TEST_DOCKER_TLS_HOST"
TLS_CERTIFICATES = "BOSUN_TEST_DOCKER_CERT_PATH"


@dataclass(frozen=True)
class Engine:
    """Our own engine, whose files are all in `folder`."""

    folder: Path

    @property
    def host(self) -> str:
        """Its address, as `DOCKER_HOST` has it."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return processes.find(self._id_file, str(self._configuration)) is not None

    @property
    def left_containers(self) -> bool:
        """Whether containers of it run without it, since it was killed."""
        return bool(processes.having(str(self._containerd / "containerd.sock")))

    @property
    def variables(self) -> Environ:
        """The environment variables that lead to it, and to its TLS listener."""
        hosts: list[str] = json.loads(self._configuration.read_text(encoding="utf-8"))["hosts"]
        return {
            "DOCKER_HOST": self.host,
            "DOCKER_CONTEXT": None,
            "DOCKER_TLS_VERIFY": None,
            "DOCKER_CERT_PATH": None,
            TLS_HOST: hosts[1],
            TLS_CERTIFICATES: str(self._certificates / "client"),
        }

    def start(self) -> None:
        """Start it, and return once it answers its ping.

        Raises:
            TestbedError: it ends, or does not answer in time; the end of its log is in the text.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        certificates.make(self._certificates)
        self._configure()
        self._launch()

    def restart(self) -> None:
        """End it and start it again as it was, addresses and all; its containers get what a machine's restart does.

        Raises:
            TestbedError: as `start` and `stop` do.
        """
        self._end()
        self._launch()

    def stop(self) -> None:
        """End it with its containers, networks and volumes; its images stay on the disk. Already gone is success.

        Raises:
            TestbedError: it does not end in time.
        """
        self._empty()
        self._end()
        # An engine that was killed once leaves its mounts, and the next one makes its own on top.
        mounts.unmount_below(self.folder)

    def _launch(self) -> None:
        # A process that was killed leaves its file, and dockerd waits in vain for a containerd that nobody reaped yet.
        for id_file, word in (
            (self._id_file, str(self._configuration)),
            (self._containerd / "containerd.pid", str(self._containerd)),
        ):
            if processes.find(id_file, word) is None:
                id_file.unlink(missing_ok=True)
        # Where the engine turns this on itself, it closes forwarding to everything but its own networks.
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="utf-8")
        log = logs() / "dockerd.log"
        process = processes.start(["dockerd", "--config-file", str(self._configuration)], log)
        processes.wait_ready(process, self._answers, seconds=READY_SECONDS, log=log)

    def _end(self) -> None:
        processes.end(self._id_file, str(self._configuration), seconds=STOP_SECONDS)

    def _empty(self) -> None:
        for kind, every, remove in (
            ("container", ["--all"], ["--force", "--volumes"]),
            ("network", ["--filter", "type=custom"], []),
            ("volume", [], ["--force"]),
        ):
            docker = ["docker", "--host", self.host, kind]
            found = ask([*docker, "ls", "--quiet", *every], environ=self.variables).split()
            if found:
                command = [*docker, "rm", *remove, *found]
                try:
                    run(command, seconds=STOP_SECONDS, log="docker-down", environ=self.variables)
                except TestbedError as error:  # what the engine cannot let go of keeps nobody from ending it
                    print(f"the engine keeps a {kind}: {error}", flush=True)

    def _configure(self) -> None:
        settings = {
            "hosts": [self.host, f"tcp://127.0.0.1:{free_port()}"],
            "data-root": str(self.folder / "data"),
            "exec-root": str(self._exec_root),
            "pidfile": str(self._id_file),
            "log-level": "warn",
            "storage-driver": "overlay2",
            "shutdown-timeout": 15,
            # Of the TCP listener alone: the Unix socket is guarded by its folder's mode.
            "tlsverify": True,
            "tlscacert": str(self._certificates / "ca.pem"),
            "tlscert": str(self._certificates / "server.pem"),
            "tlskey": str(self._certificates / "server.key"),
        }
        self._configuration.write_text(json.dumps(settings, indent=2), encoding="utf-8")

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(self.host.removeprefix("unix://"))
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(100)
        except OSError:
            return False

    @property
    def _configuration(self) -> Path:
        return self.folder / "daemon.json"

    @property
    def _id_file(self) -> Path:
        return self.folder / "docker.pid"

    @property
    def _exec_root(self) -> Path:
        return self.folder / "run"

    @property
    def _containerd(self) -> Path:
        return self._exec_root / "containerd"

    @property
    def _certificates(self) -> Path:
        return self.folder / "certificates"


def own_engine() -> Engine:
    """Return our engine of this cache folder, whether it runs or not."""
    return Engine(cache() / "docker")


def free_port() -> int:
    """Return a port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
