"""The command line and the environment, as one value."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prediction_server import __version__
from prediction_server.endpoints import LARGEST_BODY
from prediction_server.faults import FaultError, Faults, add_fault_flags, faults_given
from prediction_server.monitoring import MonitoringError, MonitoringSettings, read_monitoring

MODEL_PATH = "PREDICTION_API_MODEL_REPOSITORY_PATH"
DEFAULT_MODELS = "/opt/ml/model"


@dataclass(frozen=True)
class Options:
    """How the server was asked to run: with one model, or with the deployments of a folder.

    Exactly one of `model`, `deployments` and `models` is set. `largest_body` is in bytes.
    """

    host: str
    port: int
    model: Path | None
    deployments: Path | None
    models: Path | None
    model_api: bool
    info_file: str
    deployment_id: str | None
    model_id: str | None
    largest_body: int
    faults: Faults
    monitoring: MonitoringSettings | None


def read_options(arguments: Sequence[str] | None, environ: Mapping[str, str]) -> Options:
    """Return the options in `arguments` (None: the process's own) and `environ`.

    Raises:
        SystemExit: they cannot be read; a line on stderr says why.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    model: str | None = given.model
    models: str | None = given.models
    if model is None and models is None and given.deployments is None:
        model = environ.get(MODEL_PATH) or None
        models = None if model else DEFAULT_MODELS
    try:
        faults = faults_given(given, environ)
        monitoring = read_monitoring(environ)
    except (FaultError, MonitoringError) as error:
        parser.error(str(error))
    return Options(
        host=given.host,
        port=given.port,
        model=_path(model),
        deployments=_path(given.deployments),
        models=_path(models),
        model_api=given.model_api,
        info_file=given.info_file,
        deployment_id=environ.get("MLOPS_DEPLOYMENT_ID") or None,
        model_id=environ.get("MLOPS_MODEL_ID") or None,
        largest_body=given.max_body,
        faults=faults,
        monitoring=monitoring,
    )


def _path(written: str | None) -> Path | None:
    return None if written is None else Path(written)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bosun-prediction-server",
        description="Serves predictions over HTTP, in the place of the Portable Prediction Server.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--model", metavar="PATH", help=f"serve one package, or set {MODEL_PATH}")
    mode.add_argument("--deployments", metavar="DIR", help="serve each sub-folder of DIR")
    mode.add_argument(
        "--models", metavar="DIR", help=f"the same, with the model API by HTTP (default: {DEFAULT_MODELS})"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8080, help="0 picks a free one (default: 8080)")
    parser.add_argument("--no-model-api", dest="model_api", action="store_false", help="answer the model API with 405")
    parser.add_argument(
        "--info-file",
        metavar="NAME",
        default="config.yml",
        help="the file with a deployment's ids (default: config.yml)",
    )
    parser.add_argument(
        "--max-body",
        metavar="BYTES",
        type=int,
        default=LARGEST_BODY,
        help=f"the largest prediction request (default: {LARGEST_BODY})",
    )
    add_fault_flags(parser)
    return parser


def _port(written: str) -> int:
    if not (written.isascii() and written.isdigit() and int(written) <= 65_535):
        raise argparse.ArgumentTypeError(f"give a port from 0 to 65535, not {written!r}")
    return int(written)
