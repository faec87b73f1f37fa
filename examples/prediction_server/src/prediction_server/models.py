"""The models: records in, one prediction for each out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Record = Mapping[str, object]
Prediction = float | int | str


class RecordError(Exception):
    """A record that the model cannot score. The text names the row, counted from 0."""


class Model(Protocol):
    """Scores records."""

    def score(self, records: Sequence[Record]) -> list[Prediction]:
        """Return one prediction for each record, in their order.

        Raises:
            RecordError: a record lacks a feature, or holds one that is no finite number.
        """


@dataclass(frozen=True)
class OpaqueModel:
    """A model of which only the bytes are known: the same score, from 0 to 1, for whatever it is given."""

    value: float

    def score(self, records: Sequence[Record]) -> list[Prediction]:
        """Return the one score for each record."""
        return [self.value] * len(records)


@dataclass(frozen=True)
class LinearModel:
    """The intercept plus each feature times its coefficient."""

    features: tuple[str, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def score(self, records: Sequence[Record]) -> list[Prediction]:
        """Return the weighted sum for each record; see `Model.score`."""
        return [
            self.intercept + sum(c * x for c, x in zip(self.coefficients, row, strict=True))
            for row in _numbers(records, self.features)
        ]


@dataclass(frozen=True)
class SklearnModel:
    """A scikit-learn estimator that was fitted on the features in their order."""

    features: tuple[str, ...]
    estimator: Any

    def score(self, records: Sequence[Record]) -> list[Prediction]:
        """Return what the estimator predicts for each record; see `Model.score`."""
        rows = _numbers(records, self.features)
        if not rows:
            # scikit-learn refuses to predict for no rows.
            return []
        predictions: list[Prediction] = self.estimator.predict(rows).tolist()
        return predictions


def opaque_score(sha256: str) -> float:
    """Return the score of the opaque model whose bytes have this hex digest: from 0 to 1, six digits."""
    return round(int(sha256[:8], 16) / 0xFFFF_FFFF, 6)


def _numbers(records: Sequence[Record], features: Sequence[str]) -> list[list[float]]:
    return [[_number(record, feature, row) for feature in features] for row, record in enumerate(records)]


def _number(record: Record, feature: str, row: int) -> float:
    value = record.get(feature)
    if value is None:
        raise RecordError(f"row {row} lacks the feature {feature!r}")
    try:
        # A CSV holds text only, so text that reads as a number is one.
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise RecordError(f"row {row}: the feature {feature!r} is no finite number")
    return number
