"""A registry of a test's own, by TLS and without at one address: nodes that know of no authority pull from it too."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from docker_place import free_port
from wire import Address, Wire

from testbed import certificates

_TLS_BEGINS = b"\x16"
_SECONDS = 10


class OwnRegistry(NamedTuple):
    """Where it is, and the files of it."""

    name: str
    authority: Path
    logs: dict[str, Path]

    def asked(self, speaking: str) -> list[str]:
        """The requests that were answered, as method, path and status: those by `tls`, or those `plain`."""
        found = []
        for line in self.logs[speaking].read_text().splitlines():
            quoted = line.split('"')
            if " HTTP/1.1" in line and len(quoted) > 2:
                method, path = quoted[1].split()[:2]
                found.append(f"{method} {path} {quoted[2].split()[0]}")
        return found


class _Both(Wire):
    """Leads to one server or the other, by what a client begins with."""

    def __init__(self, tls: Address, plain: Address, at: Address) -> None:
        self._tls = tls
        super().__init__(plain, at)

    def _target(self, client: socket.socket) -> Address:
        return self._tls if client.recv(1, socket.MSG_PEEK) == _TLS_BEGINS else self._to


@contextmanager
def own_registry(folder: Path, at: str) -> Iterator[OwnRegistry]:
    """Run a registry at an address, host and port."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    assert program is not None, "install Debian's docker-registry"
    host, _, port = at.rpartition(":")
    _certify(folder, host)
    addresses: dict[str, Address] = {}
    logs = {name: folder / f"{name}.log" for name in ("tls", "plain")}
    with ExitStack() as ending:
        for name, log in logs.items():
            addresses[name] = ("127.0.0.1", free_port())
            configuration = folder / f"{name}.json"
            configuration.write_text(json.dumps(_configuration(folder, addresses[name], tls=name == "tls")))
            output = ending.enter_context(log.open("w"))
            process = subprocess.Popen([program, "serve", configuration], stdout=output, stderr=output)
            ending.callback(process.wait, _SECONDS)
            ending.callback(process.terminate)
        for address in addresses.values():
            _wait(address)
        front = _Both(addresses["tls"], addresses["plain"], (host, int(port)))
        ending.callback(front.cut)
        yield OwnRegistry(at, folder / "ca.pem", logs)


def _configuration(folder: Path, address: Address, *, tls: bool) -> dict[str, object]:
    certificate = {"certificate": str(folder / "own.pem"), "key": str(folder / "own.key")}
    return {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}},
        "http": {
            "addr": f"{address[0]}:{address[1]}",
            "relativeurls": True,
            "secret": "shared by the two",
            **({"tls": certificate} if tls else {}),
        },
    }


def _certify(folder: Path, host: str) -> None:
    made = folder / "authority"
    certificates.authority(made)
    certificates.signed(made, "own", "/CN=registry", f"subjectAltName=IP:{host}\n{certificates.SERVER}")
    for name in ("ca.pem", "own.pem", "own.key"):
        (made / name).replace(folder / name)


def _wait(address: Address) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.05)  # between two looks
        else:
            return
