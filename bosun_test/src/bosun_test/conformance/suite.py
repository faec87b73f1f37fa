"""The whole kit as one class to inherit."""

from __future__ import annotations

from bosun_test.conformance.crashes import Crashes
from bosun_test.conformance.faults import Faults
from bosun_test.conformance.inputs import Inputs
from bosun_test.conformance.lifecycle import Lifecycle
from bosun_test.conformance.looking import Looking
from bosun_test.conformance.meanwhile import Meanwhile
from bosun_test.conformance.plans import Plans
from bosun_test.conformance.planted import Planted
from bosun_test.conformance.processes import Processes
from bosun_test.conformance.removed import Removed
from bosun_test.conformance.replacing import Replacing
from bosun_test.conformance.sequences import Sequences
from bosun_test.conformance.serving import Serving
from bosun_test.conformance.statuses import Statuses


class Conformance(
    Lifecycle,
    Looking,
    Replacing,
    Faults,
    Removed,
    Inputs,
    Statuses,
    Processes,
    Meanwhile,
    Crashes,
    Planted,
    Plans,
    Serving,
    Sequences,
):
    """Every promise of the contract. Inherit it as `class TestMine(Conformance)` and override `environment`."""
