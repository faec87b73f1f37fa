"""One lifecycle for every environment: a backend says what is there and how it changes.

What the author of a backend needs is imported from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bosun_core.lazy import lazy_names

if TYPE_CHECKING:
    from bosun_core.lifecycle.backend import Backend as Backend
    from bosun_core.lifecycle.backend import Difference as Difference
    from bosun_core.lifecycle.backend import Lock as Lock
    from bosun_core.lifecycle.backend import NothingKept as NothingKept
    from bosun_core.lifecycle.backend import Observed as Observed
    from bosun_core.lifecycle.backend import Preflight as Preflight
    from bosun_core.lifecycle.backend import Request as Request
    from bosun_core.lifecycle.backend import Survey as Survey
    from bosun_core.lifecycle.plugin import EnvironmentPlugin as EnvironmentPlugin
    from bosun_core.lifecycle.records import Desired as Desired
    from bosun_core.lifecycle.records import RecordBackend as RecordBackend
    from bosun_core.lifecycle.records import Served as Served
    from bosun_core.lifecycle.records import read_record as read_record
    from bosun_core.lifecycle.steps import SKIPPED as SKIPPED
    from bosun_core.lifecycle.steps import Change as Change
    from bosun_core.lifecycle.steps import Step as Step
    from bosun_core.lifecycle.steps import StepWarning as StepWarning
    from bosun_core.locks import FILE_LOCK as FILE_LOCK

# Each name is imported when it is first asked for: a plugin with records of its own never pays for ours.
_HOMES = {
    "Backend": "lifecycle.backend",
    "Change": "lifecycle.steps",
    "Desired": "lifecycle.records",
    "Difference": "lifecycle.backend",
    "EnvironmentPlugin": "lifecycle.plugin",
    "FILE_LOCK": "locks",
    "Lock": "lifecycle.backend",
    "NothingKept": "lifecycle.backend",
    "Observed": "lifecycle.backend",
    "Preflight": "lifecycle.backend",
    "RecordBackend": "lifecycle.records",
    "Request": "lifecycle.backend",
    "SKIPPED": "lifecycle.steps",
    "Served": "lifecycle.records",
    "Step": "lifecycle.steps",
    "StepWarning": "lifecycle.steps",
    "Survey": "lifecycle.backend",
    "read_record": "lifecycle.records",
}

__all__ = sorted(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
