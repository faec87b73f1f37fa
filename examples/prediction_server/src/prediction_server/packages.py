"""Reads a model package: what is in the file, as a model that can score."""

import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from prediction_server.faults import FaultError, Faults
from prediction_server.models import LinearModel, Model, OpaqueModel, SklearnModel, opaque_score

MANIFEST = "model.json"
NEWEST_FORMAT = 1
LARGEST_MANIFEST = 1 << 20


class PackageError(Exception):
    """A model package that cannot be loaded. The text is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


@dataclass(frozen=True)
class Package:
    """A model package that was loaded."""

    kind: str
    features: tuple[str, ...]
    model: Model
    sha256: str
    faults: Mapping[str, object]


def read_package(file: IO[bytes]) -> Package:
    """Load the package in `file`, which is open for reading and can seek.

    A zip with a `model.json` is what that says; anything else is an opaque model.

    Raises:
        PackageError: there is a `model.json`, and the model that it tells of cannot be loaded.
    """
    sha256 = _sha256(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError):
        return _opaque(sha256, {})
    with archive:
        if MANIFEST not in archive.namelist():
            return _opaque(sha256, {})
        return _described(archive, _manifest(archive), sha256)


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _opaque(sha256: str, faults: Mapping[str, object]) -> Package:
    return Package("opaque", (), OpaqueModel(opaque_score(sha256)), sha256, faults)


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise PackageError(f"{MANIFEST} is larger than {LARGEST_MANIFEST} bytes")
    try:
        manifest = json.loads(_entry(archive, MANIFEST))
    except (ValueError, RecursionError) as error:
        raise PackageError(f"{MANIFEST} is no JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise PackageError(f"{MANIFEST} is no JSON object")
    return manifest


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError:
        raise PackageError(f"{MANIFEST} names {name!r}, which the package does not hold") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise PackageError(f"{name} in the package cannot be read: {error}") from error


def _described(archive: zipfile.ZipFile, manifest: Mapping[str, Any], sha256: str) -> Package:
    number = manifest.get("format", NEWEST_FORMAT)
    if number != NEWEST_FORMAT:
        raise PackageError(f"{MANIFEST}: format {number!r} is not known here, only {NEWEST_FORMAT}")
    faults = _faults(manifest)
    match manifest.get("kind"):
        case "opaque":
            return _opaque(sha256, faults)
        case "linear":
            linear = _linear(manifest)
            return Package("linear", linear.features, linear, sha256, faults)
        case "sklearn":
            fitted = _sklearn(archive, manifest)
            return Package("sklearn", fitted.features, fitted, sha256, faults)
        case kind:
            raise PackageError(f"{MANIFEST}: kind {kind!r} is not one of linear, opaque, sklearn")


def _faults(manifest: Mapping[str, Any]) -> Mapping[str, object]:
    faults = manifest.get("faults", {})
    if not isinstance(faults, dict):
        raise PackageError(f"{MANIFEST}: faults is no JSON object")
    try:
        Faults().updated(faults)
    except FaultError as error:
        raise PackageError(f"{MANIFEST}: {error}") from None
    return faults


def _features(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    features = manifest.get("features")
    if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
        raise PackageError(f"{MANIFEST}: features is no list of names")
    return tuple(features)


def _linear(manifest: Mapping[str, Any]) -> LinearModel:
    features = _features(manifest)
    coefficients = manifest.get("coefficients")
    if not isinstance(coefficients, list) or len(coefficients) != len(features):
        raise PackageError(f"{MANIFEST}: coefficients is no list of {len(features)} numbers, one a feature")
    numbers = tuple(_coefficient(value) for value in coefficients)
    return LinearModel(features, numbers, _coefficient(manifest.get("intercept", 0.0)))


def _coefficient(value: object) -> float:
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        number = math.nan
    if not math.isfinite(number):
        raise PackageError(f"{MANIFEST}: {value!r} is no finite number")
    return number


def _sklearn(archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> SklearnModel:
    features = _features(manifest)
    name = manifest.get("model")
    if not isinstance(name, str):
        raise PackageError(f"{MANIFEST}: model names no file of the package")
    content = _entry(archive, name)
    try:
        import joblib
    except ImportError:
        raise PackageError("the package needs scikit-learn: pip install scikit-learn") from None
    try:
        # Loading runs code of the package's choice: packages come from whoever runs this server.
        estimator = joblib.load(io.BytesIO(content))
    except Exception as error:
        raise PackageError(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(estimator, "predict", None)):
        raise PackageError(f"{name} holds no model: it has no predict()")
    fitted_on = getattr(estimator, "n_features_in_", len(features))
    if fitted_on != len(features):
        raise PackageError(f"{name} was fitted on {fitted_on} features, {MANIFEST} names {len(features)}")
    return SklearnModel(features, estimator)
