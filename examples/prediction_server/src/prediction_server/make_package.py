"""Writes model packages: `python -m prediction_server.make_package --kind linear model.mlpkg`."""

import argparse
import io
import json
import random
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from prediction_server.faults import SWITCHES, FaultError, Faults
from prediction_server.packages import MANIFEST

KINDS = ("sklearn", "linear", "opaque")
PADDING = "padding.bin"
# What a stored entry takes in a zip besides its name, which stands in it twice, and its content.
_ENTRY_OVERHEAD = 30 + 46
_BLOCK = 1 << 20
_TRAINING_ROWS = 12


class TooSmallError(Exception):
    """The package takes more bytes than it may."""


def write_package(
    out: Path,
    kind: str = "linear",
    *,
    seed: int = 0,
    size: int | None = None,
    faults: Mapping[str, object] | None = None,
) -> Path:
    """Write a model package to `out` and return that path. The same arguments give the same predictions.

    Args:
        out: the file to write; an older one is overwritten.
        kind: `linear` (no dependency), `sklearn` (trained here: needs scikit-learn) or `opaque`.
        seed: another one gives another model, with visibly other predictions.
        size: of the file, in bytes; None for as small as it gets.
        faults: what is to go wrong when the package is served: names and values of `faults.SWITCHES`.

    Raises:
        FaultError: a fault is not known, or cannot have the value.
        TooSmallError: the package takes more than `size` bytes.
        ValueError: the kind is none of `KINDS`.
    """
    Faults().updated(faults or {})
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    noise = random.Random(f"{kind} {seed}")  # noqa: S311 - a model to try out, not a secret
    if kind == "opaque" and not faults:
        with out.open("wb") as file:
            _write_noise(file, noise, 256 if size is None else size)
        return out
    manifest: dict[str, Any] = {"format": 1, "kind": kind}
    entries: dict[str, bytes] = {}
    if kind == "linear":
        manifest |= _linear(noise)
    elif kind == "sklearn":
        manifest["model"] = "model.joblib"
        manifest["features"], entries["model.joblib"] = _trained(seed)
    else:
        # The score comes from the bytes, so the seed has to be among them.
        entries["seed.txt"] = str(seed).encode()
    if faults:
        manifest["faults"] = dict(faults)
    entries[MANIFEST] = json.dumps(manifest).encode()
    _write_zip(out, entries, noise, size)
    return out


def _linear(noise: random.Random) -> dict[str, Any]:
    coefficients = [round(noise.uniform(-10, 10), 3) for _ in range(2)]
    return {
        "features": ["x", "y"],
        "coefficients": coefficients,
        "intercept": round(noise.uniform(-100, 100), 3),
    }


def _trained(seed: int) -> tuple[list[str], bytes]:
    """Fit a linear regression of iris petal widths (cm) on a dozen flowers picked by `seed`."""
    import joblib
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import train_test_split

    flowers = load_iris().data
    picked, _ = train_test_split(flowers, train_size=_TRAINING_ROWS, random_state=seed)
    # Half a dozen unknowns from a dozen flowers: another dozen gives a clearly different model.
    model = LinearRegression().fit(picked[:, :3], picked[:, 3])
    content = io.BytesIO()
    joblib.dump(model, content)
    return ["sepal_length", "sepal_width", "petal_length"], content.getvalue()


def _write_zip(out: Path, entries: Mapping[str, bytes], noise: random.Random, size: int | None) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            # A fixed date (1980), so that the same model is the same file.
            archive.writestr(zipfile.ZipInfo(name), content)
    if size is None or size == out.stat().st_size:
        return
    needed = out.stat().st_size + _ENTRY_OVERHEAD + 2 * len(PADDING)
    if size < needed:
        out.unlink()
        raise TooSmallError(f"the package takes {needed} bytes or more, not {size}")
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as archive:
        padding = zipfile.ZipInfo(PADDING)
        padding.file_size = size - needed
        with archive.open(padding, "w") as file:
            _write_noise(file, noise, size - needed)


def _write_noise(file: IO[bytes], noise: random.Random, size: int) -> None:
    while size > 0:
        block = noise.randbytes(min(size, _BLOCK))
        file.write(block)
        size -= len(block)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the package that the command line (the process's own if None) asks for; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m prediction_server.make_package",
        description="Writes a model package to try things out.",
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="the file to write")
    parser.add_argument("--kind", choices=KINDS, default="linear", help="what model (default: linear)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another model (default: 0)")
    parser.add_argument("--size", metavar="BYTES", type=int, help="the size of the file")
    parser.add_argument(
        "--fault",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=f"what goes wrong when it is served; the names: {', '.join(SWITCHES)}",
    )
    given = parser.parse_args(arguments)
    faults = dict(fault.partition("=")[::2] for fault in given.fault)
    try:
        write_package(given.out, given.kind, seed=given.seed, size=given.size, faults=faults)
    except (FaultError, TooSmallError, OSError) as error:
        print(f"make_package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
