"""Images that the engine makes of what it is sent: built from a build context, or loaded from an image archive."""

from __future__ import annotations

import re
from collections import deque
from contextlib import suppress

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure, InvalidRequest
from bosun_core.model_sources import contexts
from bosun_core.model_sources.sources import Archived, Built
from bosun_core.model_sources.tars import Unusable
from bosun_core.reporting import progress

from bosun_docker.engine import long_calls
from bosun_docker.engine.client import Engine
from bosun_docker.engine.long_calls import TimeIsUp
from bosun_docker.environment import Environment
from bosun_docker.images import naming as image_naming
from bosun_docker.looks import health

_STEP = re.compile(r"Step (\d+)/(\d+) : *(\S*)")
_MADE = re.compile(r" ---> ([0-9a-f]{12,64})\s*$")
_NOISE = re.compile(r"\s*$| ---> |Removing intermediate container|\x1b\[0m$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINES = 40


class BuildLog:
    """What the engine says while it builds: how far it is, its last lines, and which images it made on the way."""

    def __init__(self) -> None:
        self.last: deque[str] = deque(maxlen=_LINES)
        self.made: list[str] = []
        self._begins_stage = False
        self._is_cached = False

    def read(self, text: str) -> None:
        """Take in a piece of the engine's output."""
        for line in text.splitlines():
            step, image = _STEP.match(line), _MADE.match(line)
            if step:
                progress("building the image", int(step[1]) - 1, int(step[2]))
                self._begins_stage, self._is_cached = step[3].upper() == "FROM", False
            elif "Using cache" in line:
                self._is_cached = True
            elif image and not (self._begins_stage or self._is_cached):
                self.made.append(image[1])
            elif not image and not _NOISE.match(line):
                self.last.append(_COLOUR.sub("", line))


def built(engine: Engine, env: Environment, source: Built, tag: str, labels: dict[str, str]) -> str:
    """Return the id of an image that is built from a context, with this tag and these labels.

    Raises:
        InvalidRequest: the context cannot be used.
        EnvironmentFailure: the build fails, or takes too long; nothing is left of it.
    """
    log = BuildLog()
    limit = env.settings.build_limit
    progress("building the image", 0)
    image = ""
    try:
        for report in long_calls.reports(engine, lambda own: own.build(contexts.whole(*source), tag, labels), limit):
            log.read(str(report.get("stream") or report.get("status") or ""))
        image = str((engine.image(tag) or {}).get("Id", ""))
    except TimeIsUp:
        raise EnvironmentFailure(
            f"building the image of {source.package.path} takes longer than {limit:g} s; raise buildLimit"
            f"{health.last_words(chr(10).join(log.last))}"
        ) from None
    except Unusable as error:
        raise InvalidRequest(f"modelArtifact {source.package.path} {error}") from error
    except EnvironmentFailure as error:
        raise EnvironmentFailure(f"{error}{health.last_words(chr(10).join(log.last))}") from error
    finally:
        to_its_end(lambda: _remove(engine, log.made, image))
    if not image:
        raise EnvironmentFailure(f"image {tag} was built and is not there; look at the engine's log")
    return image


def _remove(engine: Engine, made: list[str], image: str) -> None:
    """Remove what a build made on its way and the image, empty where there is none, does not need."""
    for one in reversed(made):
        if not image.removeprefix("sha256:").startswith(one[:12]) or not image:
            with suppress(EnvironmentFailure):  # the engine lets no image go that another one is made of
                engine.remove_image(one, with_parents=False)


def loaded(engine: Engine, env: Environment, source: Archived, tag: str) -> str:
    """Return the id of the image in an archive, loaded with this tag.

    An image that was there before without a name stays without one: with ours it would be removed as ours.

    Raises:
        InvalidRequest: the archive cannot be used.
        EnvironmentFailure: the engine refuses it, loading takes too long, or it moved the name of another image.
    """
    limit = env.settings.build_limit
    names_before = engine.names()
    before = engine.image(source.archive.config) if source.archive.config else None
    name = None if before is not None and not before.get("RepoTags") else tag
    progress("loading the image archive", 0)
    said = ""
    try:
        for report in long_calls.reports(engine, lambda own: own.load(image_naming.named(source.package, name)), limit):
            said += str(report.get("stream") or "")[-1000:]
            detail = report.get("progressDetail") or {}
            if detail:
                progress("loading the image archive", detail.get("current") or 0, detail.get("total"))
    except TimeIsUp:
        raise EnvironmentFailure(
            f"loading {source.package.path} takes longer than {limit:g} s; raise buildLimit"
        ) from None
    except Unusable as error:
        raise InvalidRequest(f"modelArtifact {source.package.path} {error}") from error
    moved = moved_names(names_before, engine.names(), env.settings.generated_image_prefix)
    if moved:
        if name:
            to_its_end(lambda: engine.remove_image(name))
        raise EnvironmentFailure(
            f"while {source.package.path} was loaded, {', '.join(sorted(moved))} moved to another image; unless "
            f"somebody else moved it, give it back: docker tag {moved[min(moved)]} {min(moved)}"
        )
    found = engine.image(name or source.archive.config)
    if found is None:
        raise EnvironmentFailure(f"the engine loaded no image from {source.package.path}{health.last_words(said)}")
    return str(found["Id"])


def moved_names(before: dict[str, str], after: dict[str, str], generated_prefix: str) -> dict[str, str]:
    """Return the names that now lead to another image, each with the image that it led to.

    Names of generated images are left out, since another action may be making one.
    """
    return {
        name: image
        for name, image in before.items()
        if after.get(name, image) != image
        and not (name.startswith(generated_prefix.lower()) and name.rpartition(":")[2].startswith("m-"))
    }
