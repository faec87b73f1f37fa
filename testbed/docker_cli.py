"""What the testbed asks of an engine, through the Docker CLI."""

from pathlib import Path

from testbed.running import Command, Environ, ask, run

IMPORT_SECONDS = 300
BUILD_SECONDS = 600
PULL_SECONDS = 900


class DockerCli:
    """An engine's images."""

    def __init__(self, variables: Environ) -> None:
        # The classic builder: BuildKit needs an engine and a plugin that not everybody has.
        self._environ = {**variables, "DOCKER_BUILDKIT": "0"}

    def references(self) -> set[str]:
        """Return repository and tag of each image that the engine has."""
        return set(
            ask(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], environ=self._environ).split()
        )

    def import_root(self, archive: Path, reference: str) -> None:
        """Make an image named `reference` of the root file system in `archive`."""
        command: Command = ["docker", "import", archive, reference]
        run(command, seconds=IMPORT_SECONDS, log="docker-import", environ=self._environ)

    def build(self, context: Path, reference: str, base: str | None) -> None:
        """Build the image `reference` of the folder `context`, on the image `base` where there is one."""
        argument = [f"--build-arg=BASE={base}"] if base else []
        command: Command = ["docker", "build", "--force-rm", *argument, "--tag", reference, context]
        log = f"docker-build-{reference.rpartition('/')[2].partition(':')[0]}"
        run(command, seconds=BUILD_SECONDS, log=log, environ=self._environ)

    def tag(self, reference: str, other: str) -> None:
        """Give the image `reference` the name `other` as well."""
        ask(["docker", "image", "tag", reference, other], environ=self._environ)

    def pull(self, reference: str) -> None:
        """Have the engine pull the image `reference`."""
        run(["docker", "pull", reference], seconds=PULL_SECONDS, log="docker-pull", environ=self._environ)

    def push(self, reference: str, address: str) -> None:
        """Push the image `reference` to the registry at `address`, under the same name."""
        there = f"{address}/{reference}"
        self.tag(reference, there)
        run(["docker", "push", there], seconds=PULL_SECONDS, log="docker-push", environ=self._environ)
        ask(["docker", "image", "rm", there], environ=self._environ)
