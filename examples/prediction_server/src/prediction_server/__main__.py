"""Starts the server, and ends it as a signal asks."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext

from prediction_server.catalog import Catalog
from prediction_server.faults import Faults
from prediction_server.monitoring import MonitoringSettings, Reporter
from prediction_server.options import Options, read_options
from prediction_server.packages import PackageError
from prediction_server.routes import ManyModels, SingleModel
from prediction_server.server import PredictionServer
from prediction_server.serving import Serving, load_file
from prediction_server.store import ModelStore

SIGNALS = (signal.SIGTERM, signal.SIGINT)
DROPPED_EXIT_CODE = 128 + signal.SIGTERM

ReporterFactory = Callable[[MonitoringSettings], Reporter]


class _StartError(Exception):
    """The server cannot start."""


class _Stopped(Exception):
    """The server was told to stop while it was loading."""


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    make_reporter: ReporterFactory | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    Args:
        arguments: the command line, the process's own if None.
        environ: the environment variables, the process's own if None.
        make_reporter: makes what takes the reports where monitoring is on.
    """
    options = read_options(arguments, os.environ if environ is None else environ)
    # Blocked here and waited for below: no handler interrupts a thread, and process 1 gets them too.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        faults, answer = _routes(options, _reporter(options, make_reporter))
        server = _listen(options, answer)
    except _StartError as error:
        print(f"bosun-prediction-server: {error}", file=sys.stderr)
        return 1
    except _Stopped:
        return 0
    server.start()
    faults.plan_crash()
    print(f"listening on {server.url}", flush=True)
    signal.sigwait(SIGNALS)
    if faults.on_sigterm == "drop":
        os._exit(DROPPED_EXIT_CODE)
    server.finish()
    return 0


def _reporter(options: Options, make: ReporterFactory | None) -> Reporter | None:
    if options.monitoring is None:
        return None
    if make is None:
        spooler = options.monitoring.spooler_type
        print(
            f"monitoring is on, but nothing here reports to {spooler}: no prediction is reported",
            file=sys.stderr,
        )
        return None
    return make(options.monitoring)


def _routes(options: Options, reporter: Reporter | None) -> tuple[Faults, SingleModel | ManyModels]:
    options.faults.crash_if_due_at_start()
    if options.model is not None:
        serving = _single(options)
        return serving.faults, SingleModel(serving, options.largest_body, reporter)
    many = _many(options, reporter)
    return many.faults, many


def _single(options: Options) -> Serving:
    assert options.model is not None
    try:
        serving = load_file(
            options.model,
            deployment_id=options.deployment_id,
            model_id=options.model_id,
            faults=options.faults,
        )
    except PackageError as error:
        raise _StartError(f"cannot load {error}") from None
    serving.faults.crash_if_due_at_start()
    if serving.faults.loading_mode == "closed":
        _wait_closed(serving.faults)
        return serving.loaded()
    return serving


def _many(options: Options, reporter: Reporter | None) -> ManyModels:
    faults = options.faults
    if faults.loading_mode == "closed":
        _wait_closed(faults)
        faults = faults.loaded()
    store = None
    root = options.deployments or options.models
    assert root is not None
    if options.models is not None:
        try:
            store = ModelStore(root, info_file=options.info_file)
        except OSError as error:
            raise _StartError(f"cannot use {root}: {error.strerror}") from None
    elif not root.is_dir():
        raise _StartError(f"there is no folder {root}: make it with `mkdir -p {root}`")
    catalog = Catalog(
        root,
        info_file=options.info_file,
        faults=faults.of_requests(),
        moving=store.moving if store else nullcontext(),
        on_load=_loaded_by_request,
    )
    ready_at = time.monotonic() + faults.load_seconds
    return ManyModels(catalog, faults, ready_at, store if options.model_api else None, options.largest_body, reporter)


def _loaded_by_request(serving: Serving) -> None:
    serving.faults.crash_if_due_at_start()
    serving.faults.plan_crash()


def _wait_closed(faults: Faults) -> None:
    seconds = faults.load_seconds
    print(f"loading for {seconds:g} s before listening: loading_mode is closed", file=sys.stderr, flush=True)
    if signal.sigtimedwait(SIGNALS, seconds) is not None:
        raise _Stopped


def _listen(options: Options, answer: SingleModel | ManyModels) -> PredictionServer:
    try:
        return PredictionServer((options.host, options.port), answer)
    except OSError as error:
        raise _StartError(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
