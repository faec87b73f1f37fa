"""An engine of the tests' own, which may be stopped: in network and mount namespaces of its own, with its own data."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

READY_SECONDS = 60
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
IMAGES = ("BOSUN_TEST_TRAEFIK_IMAGE", "BOSUN_TEST_PPS_IMAGE")


class OwnEngine:
    """A second dockerd. `variables` lead to it; `inside` is what goes before a command that is to reach its ports."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder = folder
        self.variables = {"DOCKER_HOST": f"unix://{folder}/docker.sock"}
        settings = {
            "hosts": [self.variables["DOCKER_HOST"]],
            "data-root": str(data),
            "exec-root": str(folder / "run"),
            "pidfile": str(folder / "docker.pid"),
            "storage-driver": "overlay2",
            "shutdown-timeout": 10,
        }
        (folder / "daemon.json").write_text(json.dumps(settings))
        # The namespaces outlive the engine, so that one that is started again finds its networks as they were.
        holding = ["unshare", "--net", "--mount", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"]
        self._holder = subprocess.Popen(holding, stdout=subprocess.PIPE, start_new_session=True)
        assert self._holder.stdout is not None
        with self._holder.stdout as told:
            assert told.readline() == b"up\n"
        namespaces = f"/proc/{self._holder.pid}/ns"
        self.inside = ("nsenter", f"--net={namespaces}/net", f"--mount={namespaces}/mnt")
        self._engine: subprocess.Popen[bytes] | None = None
        self._thread = ThreadPoolExecutor(1, initializer=self._enter)

    def __call__(self, *words: str, check: bool = True) -> str:
        """What `docker WORDS` prints."""
        ended = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=120, env={**os.environ, **self.variables}
        )
        assert ended.returncode == 0 or not check, ended.stderr
        return ended.stdout.strip()

    def start(self, until: Callable[..., Any]) -> None:
        with (self._folder / "log").open("ab") as log:
            command = [*self.inside, "dockerd", "--config-file", str(self._folder / "daemon.json")]
            self._engine = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until(lambda: self("version", "--format", "{{.Server.Version}}", check=False), READY_SECONDS)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the engine: in order, or by SIGKILL as a crash does."""
        if self._engine is not None:
            self._engine.send_signal(number)
            self._engine.wait(60)
        self._engine = None
        for left in ("docker.pid", "run/containerd/containerd.pid"):  # else it waits for processes that were killed
            (self._folder / left).unlink(missing_ok=True)

    def load(self, variables: dict[str, str], names: tuple[str, ...] = IMAGES) -> None:
        """Bring images here from the engine that the tests share."""
        saving = ["docker", "save", *(variables[name] for name in names)]
        with subprocess.Popen(saving, stdout=subprocess.PIPE, env={**os.environ, **variables}) as saved:
            loading = {**os.environ, **self.variables}
            subprocess.run(["docker", "load"], stdin=saved.stdout, env=loading, check=True, capture_output=True)

    def reach(self, ask: Callable[[], Any]) -> Future[Any]:
        """Call `ask` where the engine's published ports are."""
        return self._thread.submit(ask)

    def close(self) -> None:
        with suppress(Exception):
            if containers := self("ps", "--all", "--quiet").split():
                self("rm", "--force", *containers)
        self.end()
        self._thread.shutdown()
        self._holder.terminate()
        self._holder.wait(10)

    def _enter(self) -> None:
        """Have this thread, and only it, talk where the engine does."""
        namespace = os.open(f"/proc/{self._holder.pid}/ns/net", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(namespace, NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"{threading.current_thread().name} cannot enter the namespace")
        os.close(namespace)


@pytest.fixture(scope="module")
def root_and_dockerd() -> None:
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("a second engine needs root and dockerd on this machine (make testbed-docker installs it)")


@pytest.fixture(scope="module")
def disk() -> str:
    """How large the engine's disk is, as tmpfs has it; empty for that of this machine."""
    return ""


@pytest.fixture(scope="module")
def engine(
    root_and_dockerd: None, docker_variables: dict[str, str], until: Callable[..., Any], disk: str
) -> Iterator[OwnEngine]:
    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="be", dir="/tmp", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        data.mkdir()
        made = OwnEngine(Path(folder), data)
        try:
            if disk:
                mounting = [*made.inside, "mount", "-t", "tmpfs", "-o", f"size={disk}", "none", str(data)]
                subprocess.run(mounting, check=True)
            made.start(until)
            made.load(docker_variables)
            made("network", "create", "bosun")
            yield made
        except BaseException:
            print((Path(folder) / "log").read_text()[-3000:])
            raise
        finally:
            made.close()


@pytest.fixture
def run(engine: OwnEngine, docker_variables: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """Begins one action as a process beside the engine; call what it returns for its status and its stderr."""
    number = iter(range(1000))

    def begin(action: str, info: Any = None, **settings: Any) -> Callable[[], tuple[dict[str, Any], str]]:
        config, private, status = (tmp_path / f"{name}-{next(number)}.yaml" for name in ("config", "private", "status"))
        config.write_text(json.dumps({"deploymentInfo": info}))
        private.write_text(
            yaml.safe_dump(
                {
                    "outfacingPredictionURLPrefix": "http://127.0.0.1:8081",
                    "traefikImage": docker_variables["BOSUN_TEST_TRAEFIK_IMAGE"],
                    "ppsBaseImage": docker_variables["BOSUN_TEST_PPS_IMAGE"],
                    "readinessLimit": 30,
                    **settings,
                }
            )
        )
        words = [f"--action={action}", f"--config={config}", f"--private-config={private}", f"--status-file={status}"]
        runner = Path(sys.executable).with_name("bosun-plugin-runner")
        # Only the network: the files are those of this process.
        command = [*engine.inside[:2], str(runner), "--plugin=docker", *words]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, **engine.variables}, cwd=tmp_path
        )

        def finish() -> tuple[dict[str, Any], str]:
            _, stderr = process.communicate(timeout=100)
            told = yaml.safe_load(status.read_text())
            print(action, info, "->", told["status"], told["msg"])
            return told, stderr

        return finish

    return begin
