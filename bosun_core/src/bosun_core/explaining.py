"""What a system or a library refuses, as one line that says what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bosun_core.errors import EnvironmentFailure, one_line


def _of_the_system(error: Any) -> str:
    return f"{getattr(error, 'strerror', None) or one_line(error)}; mend that, then run it again"


@contextmanager
def explained(
    doing: str,
    kinds: type[Exception] | tuple[type[Exception], ...] = OSError,
    explain: Callable[[Any], str] = _of_the_system,
) -> Iterator[None]:
    """Turn what a system or an SDK raises inside into an EnvironmentFailure: `cannot <doing>: why; what to do`.

    Args:
        doing: what is done inside, in the infinitive, with the object that it is done to.
        kinds: the exceptions: those of the system, or of an SDK.
        explain: makes of one of them what follows the colon.

    Raises:
        EnvironmentFailure: one of them was raised inside.
    """
    try:
        yield
    except kinds as error:
        raise EnvironmentFailure(f"cannot {doing}: {explain(error)}") from error
