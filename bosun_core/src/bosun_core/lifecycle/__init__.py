"""One lifecycle for every environment: a backend says what is there and how it changes.

What the author of a backend needs is imported from here.
"""

from bosun_core.lifecycle.backend import (
    Backend,
    Difference,
    Lock,
    NothingKept,
    Observed,
    Preflight,
    Request,
    Survey,
)
from bosun_core.lifecycle.plugin import EnvironmentPlugin
from bosun_core.lifecycle.records import Desired, RecordBackend, Served, read_record
from bosun_core.lifecycle.steps import SKIPPED, Change, Step
from bosun_core.locks import FILE_LOCK

__all__ = [
    "FILE_LOCK",
    "SKIPPED",
    "Backend",
    "Change",
    "Desired",
    "Difference",
    "EnvironmentPlugin",
    "Lock",
    "NothingKept",
    "Observed",
    "Preflight",
    "RecordBackend",
    "Request",
    "Served",
    "Step",
    "Survey",
    "read_record",
]
