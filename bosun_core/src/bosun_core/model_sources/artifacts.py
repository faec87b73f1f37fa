"""What a custom model's artifact is, by its content: an image archive or a build context."""

from __future__ import annotations

import time

from bosun_core.errors import InvalidRequest
from bosun_core.model_sources import contexts, image_archives, zips
from bosun_core.model_sources.sources import Archived, Built
from bosun_core.model_sources.tars import Unusable, is_tar
from bosun_core.packages import Package

_NEITHER = (
    "is neither an image archive (docker save) nor a build context (a tar, plain or gzipped, or a zip, with a "
    "Dockerfile at its root)"
)


def recognised(package: Package, context_limit: int, seconds: float) -> Archived | Built:
    """Return the artifact as a source.

    Args:
        package: the artifact.
        context_limit: how many bytes the files of a build context may have together.
        seconds: how long reading may take.

    Raises:
        InvalidRequest: it is neither, or it cannot be used.
    """
    try:
        if is_tar(package.path):
            archive = image_archives.recognised(package, time.monotonic() + seconds)
            if archive is not None:
                return Archived(package, archive)
        elif not zips.is_zip(package.path):
            raise InvalidRequest(f"modelArtifact {package.path} {_NEITHER}")
        return Built(package, contexts.checked(package.path, context_limit), context_limit)
    except Unusable as error:
        raise InvalidRequest(f"modelArtifact {package.path} {error}") from error
    except OSError as error:
        raise InvalidRequest(f"modelArtifact {package.path} cannot be read: {error.strerror}; check it") from error
