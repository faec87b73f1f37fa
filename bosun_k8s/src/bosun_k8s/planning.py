"""The texts of steps: the API server's own answer to each document, and how it differs from what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bosun_core.lifecycle.steps import SKIPPED, Step

from bosun_k8s.cluster.errors import Refused
from bosun_k8s.cluster.resources import BY_NAME, Objects

Document = dict[str, Any]

_MOST = 12  # differences that are told of one object
_NO_DRY_RUNS = "does not support dry run"
_SERVERS_OWN = ("status", "managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "data")


def application(objects: Objects, document: Document) -> Step | None:
    """Return the step that brings an object to what a document says; None where the API server would change nothing.

    Raises:
        Refused: the API server would not take it.
    """
    kind, name = BY_NAME[document["kind"]], document["metadata"]["name"]
    there = objects.get(kind, name)
    then = tried(lambda: objects.apply(document, dry_run=True))
    verb, detail = "create" if there is None else "change", ""
    if there is not None and then is not None:
        is_other = there.get("data") != then.get("data")  # a Secret's, of which nothing is told
        detail = told(there, then) or ("its content" if is_other else "")
        if not detail:
            return None
    return Step(verb, f"{kind.resource} {name}", lambda: objects.apply(document), detail=detail)


def creation(objects: Objects, document: Document, undo: Callable[[], object] | None = None, *, checked: bool) -> Step:
    """Return the step that makes an object that is not there; `checked` by the API server at once.

    Raises:
        Refused: the API server would not take it.
    """
    if checked:
        tried(lambda: objects.apply(document, dry_run=True))
    what = f"{BY_NAME[document['kind']].resource} {document['metadata']['name']}"
    return Step("create", what, lambda: objects.apply(document), undo)


def followed(steps: Sequence[Step], last: Step) -> list[Step]:
    """Return steps and a last one that is skipped unless each of them succeeded; the next action begins anew then."""
    left = {step.name for step in steps}

    def counted(step: Step) -> Step:
        def do() -> object:
            result = step.do()
            left.discard(step.name)
            return result

        return step._replace(do=do)

    return [*map(counted, steps), last._replace(do=lambda: SKIPPED if left else last.do())]


def tried(dry_run: Callable[[], Document]) -> Document | None:
    """Return what the API server answers to a dry run; None where a webhook of the cluster refuses those alone.

    Raises:
        Refused: it would not take the document.
    """
    try:
        return dry_run()
    except Refused as error:
        if _NO_DRY_RUNS in error.explanation:
            return None
        raise


def told(before: Document, after: Document) -> str:
    """Return how two documents differ, in words; empty where they do not. Pure."""
    found = list(differences(before, after))
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return f"{', '.join(found[:_MOST])}{more}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield how two documents differ, `path: old -> new`; what the API server keeps for itself is left out. Pure.

    What has a name in a list, as containers and variables have, is known by it.
    """
    if _has_names(before) and _has_names(after):
        before, after = ({one["name"]: one for one in part} for part in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if key not in _SERVERS_OWN:
                yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {before!r} -> {after!r}"


def _has_names(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(one, dict) and "name" in one for one in part)
