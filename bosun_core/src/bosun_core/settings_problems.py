"""What is wrong with a private configuration, in one line: msgspec's words made plain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from bosun_core.yaml_reading import Place

_WANTED = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
}
_GIVEN = {
    **_WANTED,
    "float": "a number with decimals",
    "bool": "a boolean",
    "null": "null",
    "date": "a date",
    "datetime": "a date and time",
    "bytes": "binary data",
    "set": "a set",
}
_QUOTABLE = {"int", "float", "bool", "date", "datetime"}
_SHOW = "--gen-config shows how it is written"


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return what to say of a key that is not one of `known`, with the nearest of them."""
    import difflib

    shown = key if key and key.isprintable() else repr(key)
    folded = {name.lower().replace("_", ""): name for name in known}
    near = difflib.get_close_matches(key.lower().replace("_", ""), folded, n=1, cutoff=0.6)
    hint = f"did you mean {folded[near[0]]}?" if near else f"the keys are {', '.join(folded.values())}"
    return f"unknown key {shown}; {hint}"


def invalid_value(error: msgspec.ValidationError, model: type[msgspec.Struct], place: Place) -> str:
    """Return the line for what msgspec, or a sentence of the model's own `__post_init__`, objects to."""
    problem, of_key, path = _parts(str(error))
    top = re.split(r"[.\[]", path)[0]
    if isinstance(error.__cause__, ValueError):  # the sentence begins with the key
        return f"{place.of(top or problem.split()[0].rstrip(':'))}: {problem}"
    name = path.replace("[...]", "")
    subject = f"a key of {name}" if of_key else name
    return f"{place.of(top)}: {_in_words(problem, subject, _type_at(model, path))}"


def _parts(message: str) -> tuple[str, bool, str]:
    """Return the problem, whether it is one of a key, and the path of msgspec's `... - at `$.path``."""
    found = re.fullmatch(r"(.*?)(?: - at (`key` in )?`\$\.?(.*)`)?", message, re.DOTALL)
    if found is None:
        return message, False, ""
    return found[1], bool(found[2]), found[3] or ""


def _in_words(problem: str, subject: str, kind: Any) -> str:
    if found := re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`", problem):
        remedy = "quote it" if "str" in found[1] and found[2] in _QUOTABLE else _SHOW
        return f"{subject} must be {_wanted(found[1])}, not {_GIVEN.get(found[2], found[2])}; {remedy}"
    if found := re.fullmatch(r"Expected `([^`]+)`(.*)", problem, re.DOTALL):
        rule = re.sub(r"\.0$", "", found[2])
        return f"{subject} must be {_wanted(found[1])}{rule}; {_SHOW}"
    if found := re.fullmatch(r"Invalid enum value (.*)", problem, re.DOTALL):
        return f"{subject} cannot be {found[1]}; write {' or '.join(_choices(kind)) or 'another'}"
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", problem, re.DOTALL):
        return f"{subject}: {unknown_key(found[1], [field.encode_name for field in getattr(kind, 'fields', ())])}"
    if found := re.fullmatch(r"Object missing required field `(.*)`", problem):
        return f"{subject}: {found[1]} is missing; {_SHOW}"
    return f"{subject}: {problem[:1].lower()}{problem[1:]}; {_SHOW}"


def _wanted(types: str) -> str:
    return " or ".join(_WANTED.get(name.strip(), name.strip()) for name in types.split("|") if name.strip() != "null")


def _type_at(model: type[msgspec.Struct], path: str) -> Any:
    """Return msgspec's description of the type at `path`, say `failures[...].status`."""
    kind: Any = msgspec.inspect.type_info(model)
    for part in re.findall(r"\[[^]]*\]|[^.[]+", path):
        if isinstance(kind, msgspec.inspect.StructType):
            kind = next(field.type for field in kind.fields if field.encode_name == part)
        else:
            kind = getattr(kind, "value_type", None) or getattr(kind, "item_type", None)
        kind = _telling(kind)
    return kind


def _telling(kind: Any) -> Any:
    """Return the type itself, or the one of a union that keys or choices can be wrong for."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return _telling(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        parts = [_telling(item) for item in kind.types]
        return next((part for part in parts if _has_parts(part) or _choices(part)), parts[0])
    return kind


def _has_parts(kind: Any) -> bool:
    return any(hasattr(kind, name) for name in ("fields", "value_type", "item_type"))


def _choices(kind: Any) -> list[str]:
    if isinstance(kind, msgspec.inspect.EnumType):
        return [str(member.value) for member in kind.cls]
    return [str(value) for value in kind.values] if isinstance(kind, msgspec.inspect.LiteralType) else []
