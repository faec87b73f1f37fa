"""The images that the tests run: what each is made of, and by which variable another takes its place."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from testbed import debian, traefik
from testbed.docker_cli import DockerCli
from testbed.parts import digest
from testbed.places import cache

REPOSITORY = "bosun-test"
_HERE = Path(__file__).parent / "images"
_PREDICTION_SERVER = Path(__file__).parents[1] / "examples" / "prediction_server" / "src" / "prediction_server"


@dataclass(frozen=True)
class Base:
    """A small Debian with some packages, as an image to build others on; its tag is a hash of what it is made of."""

    name: str
    packages: tuple[str, ...]

    @property
    def reference(self) -> str:
        """Repository and tag."""
        return f"{REPOSITORY}/{self.name}:{debian.root_key(self.packages)}"

    def archive(self) -> Path:
        """Return its root file system, made where the cache has none."""
        return debian.root_file_system(self.name, self.packages)


@dataclass(frozen=True)
class Compiled:
    """A static binary as all that an image is made of; `key` is a hash of what it is built from."""

    key: str
    binary: Callable[[], Path]


@dataclass(frozen=True)
class Image:
    """An image of our own; its tag is a hash of what it is built from.

    `plain_tag` names the newest one for people; tests use the variable, since another checkout may build others.
    """

    name: str
    variable: str
    files: tuple[Path, ...]
    below: Base | Compiled
    plain_tag: str = "latest"

    @property
    def reference(self) -> str:
        """Repository and tag."""
        below = self.below.reference if isinstance(self.below, Base) else self.below.key
        return f"{REPOSITORY}/{self.name}:{digest(below, files=self.files)}"

    def fill(self, context: Path) -> None:
        """Copy what it is built from into the folder `context`."""
        for path in self.files:
            if path.is_dir():
                shutil.copytree(path, context / path.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, context)
        if isinstance(self.below, Compiled):
            binary = self.below.binary()
            os.link(binary, context / binary.name)


PYTHON = Base("python", ("python3", "python3-pika", "python3-venv"))
RABBITMQ = Base("debian-rabbitmq", ("rabbitmq-server",))
TRAEFIK = Compiled(traefik.KEY, traefik.binary)
PYTHON_VARIABLE = "BOSUN_TEST_PYTHON_IMAGE"


def own(name: str) -> tuple[Path, ...]:
    """Return the files of the image `name` in testbed/images."""
    return tuple(sorted((_HERE / name).glob("[!_.]*")))


IMAGES = (
    Image("traefik", "BOSUN_TEST_TRAEFIK_IMAGE", own("traefik"), TRAEFIK, traefik.VERSION),
    Image("rabbitmq", "BOSUN_TEST_RABBITMQ_IMAGE", own("rabbitmq"), RABBITMQ),
    Image("pps", "BOSUN_TEST_PPS_IMAGE", (*own("pps"), _PREDICTION_SERVER), PYTHON),
    Image("monitoring-agent", "BOSUN_TEST_AGENT_IMAGE", own("monitoring_agent"), PYTHON),
)


def up(docker: DockerCli) -> dict[str, str]:
    """Bring every image into the engine; return the variables that name them.

    An image that the environment names instead of ours is taken as it is, and pulled where the engine lacks it.

    Raises:
        TestbedError: an image can be neither built nor pulled.
    """
    there = docker.references()
    given = {image.variable: os.environ.get(image.variable, "") for image in IMAGES}
    # What an earlier run handed on names ours, of then.
    theirs = {variable: name for variable, name in given.items() if name and not name.startswith(f"{REPOSITORY}/")}
    for variable, name in theirs.items():
        if name not in there and f"{name}:latest" not in there:
            print(f"pulling {name}, which {variable} names", flush=True)
            docker.pull(name)
    ours = [image for image in IMAGES if image.variable not in theirs]
    build(ours, docker)
    return {**{image.variable: image.reference for image in ours}, **theirs, PYTHON_VARIABLE: PYTHON.reference}


def build(images: Sequence[Image], docker: DockerCli) -> None:
    """Build those of `images`, and the base for Python, that the engine lacks; name each by its plain tag too.

    Raises:
        TestbedError: one cannot be built.
    """
    there = docker.references()
    missing = [image for image in images if image.reference not in there]
    needed = {PYTHON, *(image.below for image in missing if isinstance(image.below, Base))}
    compiled = [image for image in missing if isinstance(image.below, Compiled)]
    # Compiling takes minutes of processor time, Debian's packages wait for the network: side by side.
    with ThreadPoolExecutor() as pool:
        binaries = pool.submit(_compile, compiled)
        for base in sorted(needed, key=lambda base: base.name):
            if base.reference not in there:
                docker.import_root(base.archive(), base.reference)
        for image in missing:
            if image not in compiled:
                _build_one(image, docker)
        binaries.result()
    for image in compiled:
        _build_one(image, docker)
    for image in images:
        docker.tag(image.reference, f"{REPOSITORY}/{image.name}:{image.plain_tag}")


def _compile(images: list[Image]) -> None:
    for image in images:
        if isinstance(image.below, Compiled):
            image.below.binary()


def _build_one(image: Image, docker: DockerCli) -> None:
    print(f"building {image.reference}", flush=True)
    base = image.below.reference if isinstance(image.below, Base) else None
    with tempfile.TemporaryDirectory(dir=cache(), prefix="context-") as context:
        image.fill(Path(context))
        docker.build(Path(context), image.reference, base)
