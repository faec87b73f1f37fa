"""The programs of the cluster, built from Go modules, each a part in the cache."""

import shutil
from pathlib import Path

from testbed import golang
from testbed.parts import digest, part

KUBERNETES_VERSION = "v1.34.4"
KANIKO = golang.Program(
    module="github.com/GoogleContainerTools/kaniko",
    version="v1.24.0",
    package="cmd/executor",
    module_hash="h1:PgzzuOwaraxC7UMw0F0YoxNHi+a6YeiAbDgc2GHrk+M=",
    go_mod_hash="h1:hO9q9uGMwrItm4wGcX7E0cMJIw84NM6gPETIt6vkwAk=",
    variables=("github.com/GoogleContainerTools/kaniko/pkg/version.version=v1.24.0",),
)
KWOK = golang.Program(
    module="sigs.k8s.io/kwok",
    version="v0.7.0",
    package="cmd/kwok",
    module_hash="h1:+eGsNOIPapjsSzeZlOEcwbpyEVa2Vqlcafa0qIjaKV4=",
    go_mod_hash="h1:zUK0Ar9kP8pbdQmsiK14MySGrFht+qX1gp2FJTuY0jM=",
    variables=("sigs.k8s.io/kwok/pkg/consts.Version=v0.7.0",),
)
# The newest one that is made of this Kubernetes's libraries and builds with the oldest Go that the testbed takes.
HELM = golang.Program(
    module="helm.sh/helm/v3",
    version="v3.19.5",
    package="cmd/helm",
    module_hash="h1:l8zDGBhPaF2z5pTR5ASku/yZwi0qZrWthWMzvf1ZruE=",
    go_mod_hash="h1:PC1rk7PqacpkV4acUFMLStOOis7QM9Jq3DveHBInu4s=",
    variables=("helm.sh/helm/v3/internal/version.version=v3.19.5",),
)
# The version that Traefik's go.mod names.
GATEWAY_API = ("sigs.k8s.io/gateway-api", "v1.4.0")
GATEWAY_API_HASHES = (
    "h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=",
    "h1:AR5RSqciWP98OPckEjOjh2XJhAe2Na4LHyXD2FUY7Qk=",
)
NAMES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "metrics-server",
)
KANIKO_KEY = digest(repr(KANIKO))
_SOURCES = Path(__file__).parent / "programs"
_PAUSE = _SOURCES / "pause"
PAUSE_KEY = digest(files=[_PAUSE])
_VERSION = "k8s.io/component-base/version"
_VARIABLES = (f"{_VERSION}.gitVersion={KUBERNETES_VERSION}", f"{_VERSION}.gitMajor=1", f"{_VERSION}.gitMinor=34")


def kubernetes() -> Path:
    """Return the folder with the programs `NAMES`: one binary that looks at the name under which it is called.

    Raises:
        TestbedError: it cannot be built.
    """
    source = _SOURCES / "kubernetes"

    def make(folder: Path) -> None:
        print(f"building Kubernetes {KUBERNETES_VERSION}: about ten minutes on two cores", flush=True)
        golang.build_own(source, folder / "kubernetes", _VARIABLES)
        for name in NAMES:
            (folder / name).symlink_to("kubernetes")

    return part("kubernetes", digest(*_VARIABLES, *NAMES, files=[source]), make)


def kaniko() -> Path:
    """Return the static binary of kaniko's executor.

    Raises:
        TestbedError: it cannot be built.
    """
    return golang.built(KANIKO, "kaniko", "executor", "two")


def kwok() -> Path:
    """Return the binary that simulates nodes and pods.

    Raises:
        TestbedError: it cannot be built.
    """
    return golang.built(KWOK, "kwok", "kwok", "four")


def helm() -> Path:
    """Return the binary that installs charts.

    Raises:
        TestbedError: it cannot be built.
    """
    return golang.built(HELM, "helm", "helm", "two")


def pause() -> Path:
    """Return the static binary that holds a pod's namespaces.

    Raises:
        TestbedError: it cannot be built.
    """

    def make(folder: Path) -> None:
        golang.build_own(_PAUSE, folder / "pause")

    return part("pause", PAUSE_KEY, make) / "pause"


def gateway_api() -> Path:
    """Return the folder with the Gateway API's definitions of resources.

    Raises:
        TestbedError: the module cannot be had, or is not the one that was pinned.
    """

    def make(folder: Path) -> None:
        module = golang.download(*GATEWAY_API, *GATEWAY_API_HASHES)
        for file in (module / "config" / "crd" / "standard").glob("*.yaml"):
            shutil.copyfile(file, folder / file.name)

    return part("gateway-api", digest(*GATEWAY_API, *GATEWAY_API_HASHES), make)
