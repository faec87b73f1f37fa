"""The extension behind `--events FILE`: one JSON object a line, so that an action can be followed while it runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from bosun_core.errors import BosunError, ConfigurationError, EnvironmentFailure, Interruption, one_line
from bosun_core.extensions import observer, wrapper
from bosun_core.redaction import SECRETS
from bosun_core.safe_paths import opened_to_append
from bosun_core.status import ActionStatus, to_document

if TYPE_CHECKING:
    from bosun_core.hookspecs import ActionContext


class Events:
    """Appends the events `action_started`, `progress` and `action_finished` to a file.

    Each is one write in append mode, so that several runners may share the file.

    Raises:
        ConfigurationError: the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._about: dict[str, Any] = {}
        try:
            self._descriptor = opened_to_append(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "this is no path"
            raise ConfigurationError(f"cannot append to --events {path}: {reason}; check the path") from None

    @wrapper
    def around_action(self, context: ActionContext) -> Generator[None, Any, Any]:
        """Write when the action begins and how it ends."""
        deployment = context.deployment_info.id if context.deployment_info else None
        self._about = {"action": context.action, "plugin": context.plugin, "deploymentId": deployment}
        self._append("action_started", dryRun=context.dry_run)
        try:
            outcome = yield
            document = to_document(outcome)
        except BaseException as error:
            told = isinstance(error, BosunError | Interruption)  # in words for a user
            message = str(error) if told else one_line(f"{type(error).__name__}: {error}")
            self._append("action_finished", status=ActionStatus.ERROR.value, msg=message)
            raise
        self._append("action_finished", status=document["status"], state=document["state"], msg=document["msg"])
        return outcome

    @observer
    def action_progress(self, step: str, done: float, total: float | None) -> None:
        """Write how far a step has come."""
        self._append("progress", step=step, done=done, total=total)

    def _append(self, event: str, **facts: Any) -> None:
        record = SECRETS.mask_all({"time": time.time_ns() // 1_000_000, "event": event, **self._about, **facts})
        try:
            os.write(self._descriptor, json.dumps(record, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise EnvironmentFailure(f"cannot append to --events {self._path}: {error.strerror}; make room") from None
