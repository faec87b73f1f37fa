"""Reads the file that says which deployment and model a folder holds (`config.yml`)."""

import json
import re
from collections.abc import Mapping

LARGEST_INFO_FILE = 1 << 20

_TOP_LEVEL = re.compile(r"(?P<key>[^:]+?)\s*:(?:\s+(?P<value>.*))?")
_SINGLE_QUOTED = re.compile(r"'(?P<text>(?:[^']|'')*)'\s*(?:#.*)?")
_DOUBLE_QUOTED = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*")\s*(?:#.*)?')
_PLAIN = re.compile(r"(?P<text>[A-Za-z0-9_.][^#\[\]{}]*?)\s*(?:\s#.*)?")


class InfoFileError(Exception):
    """The info file does not say what it has to."""


def read_ids(content: bytes) -> tuple[str, str]:
    """Return (deployment id, model id) from the YAML in `content`, as they are written there.

    PyYAML reads it where it is installed, else `top_level_scalars` does.

    Raises:
        InfoFileError: it cannot be read, or one of the ids is missing or no text.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InfoFileError("it is not UTF-8") from None
    try:
        import yaml
    except ImportError:
        values: object = top_level_scalars(text)
    else:
        try:
            # BaseLoader keeps every scalar as text: an id 0777 or 1e5 is no number here.
            values = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes no objects
        except (yaml.YAMLError, RecursionError):
            raise InfoFileError("it is no YAML") from None
    if not isinstance(values, Mapping):
        raise InfoFileError("it is no mapping of keys to values")
    return _id(values, "deployment_id"), _id(values, "model_id")


def _id(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise InfoFileError(f"{key} is missing, or no text")
    return value


def top_level_scalars(text: str) -> dict[str, str]:
    """Return the keys at the left margin of `text` whose values are scalars on the same line.

    A key with another value (a list, a mapping, text over several lines) is left out.

    Raises:
        InfoFileError: a line at the left margin is none that block YAML has there.
    """
    values: dict[str, str] = {}
    key = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(("#", "---", "...")):
            continue
        if line.startswith((" ", "- ")) or line == "-":
            # The value of the key above goes on here, so it was no scalar of one line.
            values.pop(key, None)
            continue
        found = _TOP_LEVEL.fullmatch(line)
        if found is None:
            raise InfoFileError(f"line {number} is not `key: value`")
        key = found["key"]
        value = _scalar((found["value"] or "").strip())
        if value is not None:
            values[key] = value
    return values


def _scalar(written: str) -> str | None:
    if quoted := _SINGLE_QUOTED.fullmatch(written):
        return quoted["text"].replace("''", "'")
    if quoted := _DOUBLE_QUOTED.fullmatch(written):
        try:
            return str(json.loads(quoted["text"]))
        except ValueError:
            return None
    plain = _PLAIN.fullmatch(written)
    return plain["text"] if plain else None
