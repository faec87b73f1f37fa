"""The switches that make the server, or one package, behave badly."""

import argparse
import dataclasses
import math
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

ENVIRONMENT_PREFIX = "PPS_STANDIN_"
CRASH_EXIT_CODE = 70
LONGEST_SECONDS = 86_400.0


class FaultError(Exception):
    """A switch that does not exist, or a value that it cannot have."""


@dataclass(frozen=True)
class Switch:
    """How one fault is read and told about."""

    read: Callable[[object], object]
    help: str
    metavar: str | None = None


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except (ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise ValueError(f"give seconds from 0 to {LONGEST_SECONDS:.0f}, not {value!r}")
    return seconds


def _on_or_off(value: object) -> bool:
    word = str(value).lower()
    if word in {"true", "yes", "on", "1"}:
        return True
    if word in {"false", "no", "off", "0", ""}:
        return False
    raise ValueError(f"give true or false, not {value!r}")


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"give {' or '.join(words)}, not {value!r}")
        return str(value)

    return read


SWITCHES: Mapping[str, Switch] = {
    "load_seconds": Switch(_seconds, "take so long to load; 503 until then", "SECONDS"),
    "loading_mode": Switch(
        _one_of("open", "closed"), "while loading: listen and answer 503, or do not listen", "open|closed"
    ),
    "crash_at_start": Switch(_on_or_off, f"end with exit code {CRASH_EXIT_CODE} instead of loading"),
    "crash_after_seconds": Switch(_seconds, f"end with exit code {CRASH_EXIT_CODE} so long after loading", "SECONDS"),
    "hang_predictions": Switch(_on_or_off, "accept predictions and never answer"),
    "hang_ping": Switch(_on_or_off, "accept pings and never answer"),
    "fail_ping": Switch(_on_or_off, "answer pings with 503"),
    "predict_seconds": Switch(_seconds, "take so long for every prediction request", "SECONDS"),
    "on_sigterm": Switch(_one_of("finish", "drop"), "finish the requests in flight, or exit at once", "finish|drop"),
}


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose. The defaults are a server that behaves. Times are in seconds."""

    load_seconds: float = 0.0
    loading_mode: str = "open"
    crash_at_start: bool = False
    crash_after_seconds: float | None = None
    hang_predictions: bool = False
    hang_ping: bool = False
    fail_ping: bool = False
    predict_seconds: float = 0.0
    on_sigterm: str = "finish"

    def updated(self, values: Mapping[str, object]) -> Self:
        """Return these faults with `values` (a word from a command line or a JSON value each) in their place.

        Raises:
            FaultError: a name is none of `SWITCHES`, or a value does not fit it.
        """
        given: dict[str, Any] = {}
        for name, value in values.items():
            if name not in SWITCHES:
                raise FaultError(f"there is no fault {name!r}; the faults are {', '.join(SWITCHES)}")
            try:
                given[name] = SWITCHES[name].read(value)
            except ValueError as error:
                raise FaultError(f"fault {name}: {error}") from None
        return dataclasses.replace(self, **given)

    def loaded(self) -> Self:
        """Return these faults as they are when the time to load has been spent."""
        return dataclasses.replace(self, load_seconds=0.0)

    def of_requests(self) -> "Faults":
        """Return only the faults that act on single requests: the rest acts once, on the whole server."""
        return Faults(
            hang_predictions=self.hang_predictions,
            hang_ping=self.hang_ping,
            fail_ping=self.fail_ping,
            predict_seconds=self.predict_seconds,
        )

    def crash_if_due_at_start(self) -> None:
        """End the process if these faults say so."""
        if self.crash_at_start:
            _crash("crash_at_start")

    def plan_crash(self) -> None:
        """Begin the countdown to the crash after loading, which begins now, if these faults hold one."""
        if self.crash_after_seconds is not None:
            delay = self.load_seconds + self.crash_after_seconds
            countdown = threading.Timer(delay, _crash, ["crash_after_seconds"])
            countdown.daemon = True
            countdown.start()


def _crash(fault: str) -> None:
    print(f"crashing: {fault} is set", file=sys.stderr, flush=True)
    # A crash runs no clean-up and waits for no thread.
    os._exit(CRASH_EXIT_CODE)


def add_fault_flags(parser: argparse.ArgumentParser) -> None:
    """Give `parser` one flag for each switch; `faults_given` reads them back."""
    group = parser.add_argument_group(
        "faults", f"each also as an environment variable {ENVIRONMENT_PREFIX}NAME, which a flag overrides"
    )
    for name, switch in SWITCHES.items():
        flag = f"--{name.replace('_', '-')}"
        if switch.metavar is None:
            group.add_argument(flag, dest=name, action="store_const", const="true", help=switch.help)
        else:
            group.add_argument(flag, dest=name, metavar=switch.metavar, help=switch.help)


def faults_given(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Faults:
    """Return the faults that the flags and the environment variables set.

    Raises:
        FaultError: a value does not fit its switch, or a variable with our prefix is no switch.
    """
    from_environment = {
        variable.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for variable, value in environ.items()
        if variable.startswith(ENVIRONMENT_PREFIX)
    }
    from_flags = {name: value for name in SWITCHES if (value := getattr(arguments, name)) is not None}
    return Faults().updated(from_environment).updated(from_flags)
