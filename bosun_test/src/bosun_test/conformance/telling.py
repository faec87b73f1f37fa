"""How a failure is told: what differs, and what was done as commands that can be pasted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from bosun_core.runner import ActionRequest

RUNNER = ("bosun-plugin-runner",)


def pasted(request: ActionRequest, runner: Sequence[str] = RUNNER) -> str:
    """Return a request as a command that can be pasted into a shell."""
    document = json.dumps(json.loads(Path(str(request.config)).read_text()))
    return f"printf %s {shlex.quote(document)} | {shlex.join([*runner, *arguments_of(request._replace(config='-'))])}"


def arguments_of(request: ActionRequest) -> list[str]:
    """Return a request as words of the command line."""
    files = ["--config", str(request.config), "--private-config", str(request.private_config)]
    dry_run = ["--dry-run"] if request.dry_run else []
    return ["--plugin", request.plugin, "--action", request.action, *files, *dry_run]


def compared(found: object, expected: object) -> list[str]:
    """Return what was expected and what was found, of two lists only where they differ."""
    if isinstance(found, list) and isinstance(expected, list) and found and expected:
        missing = [item for item in expected if item not in found]
        surplus = [item for item in found if item not in expected]
        if len(missing) + len(surplus) < len(found) + len(expected) and (missing or surplus):
            same = f"{len(expected) - len(missing)} more, which were found"
            return [f"  expected: {missing!r} and {same}", f"  found:    {surplus!r}"]
    return [f"  expected: {expected!r}", f"  found:    {found!r}"]
