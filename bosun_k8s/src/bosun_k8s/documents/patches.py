"""JSON Patch (RFC 6902): the escape hatch for what no setting covers. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

PATCHED_KINDS = (
    "Deployment",
    "Service",
    "Ingress",
    "HTTPRoute",
    "Secret",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)
_NEEDS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": None}


class Mismatch(ValueError):
    """An operation does not fit the document; the text says why."""


def check(where: str, operations: Sequence[dict[str, Any]]) -> None:
    """Check that these are operations, without a document.

    Raises:
        ValueError: one is none; `where` begins the sentence.
    """
    for index, operation in enumerate(operations):
        kind = operation.get("op")
        if kind not in _NEEDS:
            raise ValueError(f"{where}[{index}]: op {kind!r} is none of {', '.join(_NEEDS)}; see RFC 6902")
        needed = _NEEDS[kind]
        if needed is not None and needed not in operation:
            raise ValueError(f"{where}[{index}]: {kind} needs {needed!r}; see RFC 6902")
        for pointer in (operation.get("path"), operation.get("from", "")):
            if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
                raise ValueError(f'{where}[{index}]: {pointer!r} is no path; write say "/spec/replicas"')


def applied(document: dict[str, Any], operations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the document with the operations done, in their order; without any, the document itself.

    Raises:
        Mismatch: one does not fit the document.
    """
    if not operations:
        return document
    import jsonpatch
    import jsonpointer

    try:
        result = jsonpatch.JsonPatch(copy.deepcopy(list(operations))).apply(document)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise Mismatch(str(error)) from None
    if not isinstance(result, dict):
        raise Mismatch("what it leaves is no mapping")
    return result
