"""The cluster as a whole: made, started, stopped."""

import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from testbed import traefik
from testbed.errors import TestbedError
from testbed.k8s import addons, addresses, binaries, commands, files, identities, leftovers, network, store
from testbed.k8s.daemons import Daemon, answers, listens, story
from testbed.places import cache
from testbed.running import Command, ask, run

WAIT_SECONDS = 60
USER = "bosun"
_LOOP = f"https://{addresses.LOOPBACK}"


@dataclass(frozen=True)
class Cluster:
    """The cluster whose files are all in `folder`."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """How its administrator reaches it."""
        return self.folder / f"{identities.ADMIN}.kubeconfig"

    @property
    def password(self) -> str:
        """Of `USER` at the private registry."""
        return (self.folder / "registry-password").read_text(encoding="utf-8")

    @property
    def runs(self) -> bool:
        """Whether a program of it is there."""
        return any(daemon.runs for daemon in self.daemons())

    def daemons(self) -> Iterator[Daemon]:
        """Yield its programs, in the order in which they can start."""
        folder = self.folder
        yield self._of_kubernetes(commands.etcd(folder), f"{addresses.ETCD}/health")
        yield self._of_kubernetes(commands.api_server(folder), f"{addresses.API}/readyz")
        command = ["containerd", f"--config={folder}/containerd.toml"]
        yield Daemon("containerd", folder, command, listens(folder / "containerd.sock"))
        for name, address in (("registry", addresses.REGISTRY), ("private-registry", addresses.PRIVATE_REGISTRY)):
            command = ["docker-registry", "serve", f"{folder}/{name}.json"]
            yield Daemon(name, folder, command, answers(f"http://{address}/v2/", also=401))
        controllers = f"{_LOOP}:{addresses.CONTROLLERS_PORT}/healthz"
        yield self._of_kubernetes(commands.controllers(folder), controllers)
        yield self._of_kubernetes(commands.scheduler(folder), f"{_LOOP}:{addresses.SCHEDULER_PORT}/healthz")
        health = f"http://{addresses.LOOPBACK}:{addresses.KUBELET_HEALTH_PORT}/healthz"
        yield self._of_kubernetes(commands.kubelet(folder), health)
        health = f"http://{addresses.LOOPBACK}:{addresses.PROXY_HEALTH_PORT}/healthz"
        yield self._of_kubernetes(commands.kube_proxy(folder), health)
        metrics = f"https://{addresses.HOST}:{addresses.METRICS_PORT}/livez"
        yield self._of_kubernetes(commands.metrics_server(folder), metrics)
        ping = f"http://{addresses.LOOPBACK}:{addresses.GATEWAY_PING_PORT}/ping"
        environ = {"KUBECONFIG": f"{folder}/traefik.kubeconfig"}
        yield Daemon("traefik", folder, commands.traefik(folder), answers(ping), traefik.binary, environ)

    def make(self) -> None:
        """Write anew all that its programs read.

        Raises:
            TestbedError: openssl or htpasswd fails.
        """
        folder = self.folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        identities.make(folder)
        for name in ("gateway", "cni", "hosts", "logs"):
            (folder / name).mkdir()
        password = secrets.token_urlsafe(12)
        passwords = ask(["htpasswd", "-nbB", USER, password])
        pause = f"{addresses.REGISTRY}/{store.PAUSE.reference}"
        written = {
            "registry-password": password,
            "htpasswd": passwords,
            "registry.json": files.registry(folder / "registry", addresses.REGISTRY, None),
            "private-registry.json": files.registry(
                folder / "private-registry", addresses.PRIVATE_REGISTRY, folder / "htpasswd"
            ),
            "containerd.toml": files.containerd(folder, pause),
            "cni/bosun.conflist": files.cni(folder),
            "gateway/last-part.yaml": files.LAST_PART,
            "kubelet.json": files.kubelet(folder),
            "kube-proxy.json": files.kube_proxy(folder),
            "kube-scheduler.json": files.scheduler(folder),
            "resolv.conf": "",
        }
        for name, content in written.items():
            (folder / name).write_text(content, encoding="utf-8")
        for address in (addresses.REGISTRY, addresses.PRIVATE_REGISTRY, *addresses.SPARE_REGISTRIES):
            (folder / "hosts" / address).mkdir()
            (folder / "hosts" / address / "hosts.toml").write_text(files.registry_host(address), encoding="utf-8")

    def start(self) -> None:
        """Start what does not run, and return once the node is ready and the gateway and the metrics are there.

        Raises:
            TestbedError: a program ends, or something is not ready in time; the end of its log is in the text.
        """
        network.up()
        leftovers.make_cgroups()
        for name in ("registry", "private-registry"):
            store.bring(self.folder / name)
        daemons = {daemon.label: daemon for daemon in self.daemons()}
        with ThreadPoolExecutor() as pool:

            def begin(*names: str) -> list[Future[None]]:
                return [pool.submit(daemons[name].start) for name in names]

            aside = begin("containerd", "registry", "private-registry")
            daemons["etcd"].start()
            daemons["kube-apiserver"].start()
            rest = begin("kube-controller-manager", "kube-scheduler", "kube-proxy")
            for started in aside:
                started.result()
            rest += begin("kubelet")
            addons.apply(self._kubectl, self.kubeconfig, binaries.gateway_api(), self.folder)
            rest += begin("traefik", "metrics-server")
            for started in rest:
                started.result()
        self._wait("kubelet", "Ready", f"node/{addresses.NODE}")
        self._wait("traefik", "Programmed", "gateway", addons.GATEWAY, f"--namespace={addons.GATEWAY_NAMESPACE}")
        self._wait("metrics-server", "Available", "apiservice/v1beta1.metrics.k8s.io")

    def restart_api_server(self) -> None:
        """Kill the API server and start it again: asked to end, it would wait a minute for those who watch.

        Raises:
            TestbedError: it does not end or does not come back.
        """
        daemon = next(daemon for daemon in self.daemons() if daemon.label == "kube-apiserver")
        daemon.kill()
        daemon.start()

    def stop(self) -> bool:
        """End everything, with all pods; return whether there was something. Its files are gone afterwards.

        Raises:
            TestbedError: a process, a mount or an interface cannot be removed.
        """
        daemons = [daemon for daemon in self.daemons() if daemon.runs]
        # Who asks ends before who is asked; the pods last, when nobody takes care of them any more.
        later = {"kube-apiserver": 1, "containerd": 2, "etcd": 2}
        with ThreadPoolExecutor() as pool:
            for turn in range(3):
                list(pool.map(Daemon.end, [daemon for daemon in daemons if later.get(daemon.label, 0) == turn]))
        left = leftovers.remove(self.folder)
        network.down()
        there = self.folder.exists()
        shutil.rmtree(self.folder, ignore_errors=True)
        return bool(daemons) or left or there

    @property
    def _kubectl(self) -> Path:
        return binaries.kubernetes() / "kubectl"

    def _of_kubernetes(self, command: list[str], ready: str) -> Daemon:
        name = command[0]
        return Daemon(name, self.folder, command, answers(ready), lambda: binaries.kubernetes() / name)

    def _wait(self, who: str, condition: str, *what: str) -> None:
        wait = ["wait", f"--for=condition={condition}", f"--timeout={WAIT_SECONDS}s", *what]
        command: Command = [self._kubectl, f"--kubeconfig={self.kubeconfig}", *wait]
        try:
            run(command, seconds=WAIT_SECONDS + 10, log="wait")
        except TestbedError as error:
            raise TestbedError(f"{error}\n{story(who)}") from None


def own_cluster() -> Cluster:
    """Return our cluster of this cache folder, whether it runs or not."""
    return Cluster(cache() / "k8s")
