"""What a system or a library refuses, as one line that says what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bosun_core.errors import EnvironmentFailure, one_line


def _of_the_system(error: Any) -> str:
    place = f" {error.filename}" if getattr(error, "filename", None) else ""
    why = getattr(error, "strerror", None) or one_line(error)
    return f"cannot use{place or ' the environment'}: {why}; mend that, then run it again"


@contextmanager
def explained(*kinds: type[Exception], line: Callable[[Any], str] = _of_the_system) -> Iterator[None]:
    """Turn errors of these kinds, of an SDK or the system, into EnvironmentFailure; `line` says it in words for a user.

    Raises:
        EnvironmentFailure: one of them was raised inside.
    """
    try:
        yield
    except kinds as error:
        raise EnvironmentFailure(line(error)) from error
