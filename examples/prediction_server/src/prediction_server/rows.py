"""Reads the records to score out of a request's body."""

import csv
import io
import json

from prediction_server.exchange import HttpError
from prediction_server.models import Record

_HOW = "send a JSON list of records, or a CSV with a header and Content-Type: text/csv"


def read_records(content: bytes, content_type: str) -> list[Record]:
    """Return the records in a body of this content type: CSV if it says so, else JSON.

    Raises:
        HttpError: 400, the body holds no records.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HttpError(400, "the body is not UTF-8") from None
    if content_type.partition(";")[0].strip().lower() == "text/csv":
        return _csv_records(text)
    return _json_records(text)


def _json_records(text: str) -> list[Record]:
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HttpError(400, f"the body is no JSON ({error}): {_HOW}") from None
    if not isinstance(records, list):
        raise HttpError(400, f"the body is no list: {_HOW}")
    for row, record in enumerate(records):
        if not isinstance(record, dict):
            raise HttpError(400, f"row {row} is no JSON object of features: {_HOW}")
    return records


def _csv_records(text: str) -> list[Record]:
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error as error:
        raise HttpError(400, f"the body is no CSV: {error}") from None
    if not lines:
        raise HttpError(400, f"the body is empty: {_HOW}")
    header, *rows = lines
    for row, values in enumerate(rows):
        if len(values) != len(header):
            raise HttpError(400, f"row {row} has {len(values)} values, the header {len(header)}")
    # An empty field is a missing one, as null is in JSON.
    return [{name: value or None for name, value in zip(header, values, strict=True)} for values in rows]
