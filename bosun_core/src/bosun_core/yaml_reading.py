"""YAML from outside, read safely: bounded in size, depth and expansion, ids taken as written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bosun_core.errors import ConfigurationError
from bosun_core.yaml_loader import TAG, Loader, line_of, syntax_problem

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100
MAX_NODES = 1_000_000  # counted with every alias expanded

# Scalars under these keys, and the items of `deployments`, are texts: 0777 or 1e5 is taken as written.
_TEXT_KEYS = frozenset(
    {
        *("id", "modelId", "newModelId", "environmentId", "MLOPS_BOSUN_PRED_ENV_ID"),
        *("modelArtifact", "modelFormat", "modelExecutionType", "createdOn", "createdBy"),
    }
)
_ID_LISTS = frozenset({"deployments"})
# A null under another one means "none", while an `id: null` is an id of four letters.
_NEVER_NULL = "id"

_TEXT_TAG = f"{TAG}str"
_NULL_TAG = f"{TAG}null"
_MERGE_TAG = f"{TAG}merge"


class Place:
    """Where a key stands, for messages."""

    def __init__(self, file: str, lines: dict[str, int]) -> None:
        self.file = file
        self.lines = lines

    def of(self, key: str) -> str:
        """Return `file:line` of a top-level key, or just the file where the key is not in it."""
        line = self.lines.get(key)
        return f"{self.file}:{line}" if line else self.file


def read_text(path: str, what: str) -> str:
    """Return the text of a configuration file; `-` is standard input.

    Raises:
        ConfigurationError: it is not there, no regular file or pipe, not readable, too large, or not UTF-8.
    """
    try:
        if path == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        remedies = {
            IsADirectoryError: "this is a folder; name a file in it",
            PermissionError: "this user may not; change its mode or owner",
        }
        remedy = remedies.get(type(error), f"{error.strerror}; check the path")
        raise ConfigurationError(f"cannot read the {what} {path}: {remedy}") from None
    except ValueError:
        raise ConfigurationError(f"cannot read the {what} {path!r}: this is no path; check it") from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"the {what} {path} is larger than {MAX_BYTES // 1024**2} MiB; is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"the {what} {path} is no UTF-8 text (byte {error.start}); is it the right file?"
        ) from None


def read_mapping(text: str, path: str, what: str) -> tuple[dict[str, Any], Place]:
    """Return the mapping that `text` holds (comments alone are an empty mapping) and where its keys stand.

    Raises:
        ConfigurationError: it is empty, no YAML, no mapping, or beyond the limits of this module.
    """
    source = f"the {what} {path}"
    # An empty file is one that somebody is still writing, or the wrong one: its defaults would act elsewhere.
    if not text.strip():
        raise ConfigurationError(f"{source} is empty; --gen-config shows what belongs into it")
    try:
        _check_limits(text, source)
        loader = Loader(text, source)
        try:
            node = loader.get_single_node()
            if node is None or (node.tag == _NULL_TAG and not node.value):  # `---` and comments
                return {}, Place(path, {})
            if not isinstance(node, yaml.MappingNode):
                raise ConfigurationError(f"{source} holds no mapping; it is made of `key: value` lines")
            lines = _prepare(node, source)
            value = loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        line, problem = syntax_problem(error, text)
        if "nesting depth" in problem:  # of 1,000 levels, where libyaml looks so far ahead before it tells of the first
            raise _too_deep(source) from None
        raise ConfigurationError(f"{source}:{line} is no YAML: {problem}; mend it there") from None
    return value, Place(path, lines)


def _check_limits(text: str, source: str) -> None:
    """Count depth and expanded size on the event stream: libyaml's own composer recurses without a limit."""
    sizes: dict[str, int] = {}
    open_collections: list[tuple[str | None, int]] = []
    nodes = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ConfigurationError(
                    f"{source}: *{event.anchor} stands inside what it names, or nowhere; write it out"
                )
            nodes += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            nodes += 1
            open_collections.append((event.anchor, nodes))
            if len(open_collections) > MAX_DEPTH:
                raise _too_deep(source)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_collections.pop()
            if anchor:
                sizes[anchor] = nodes - before + 1
        if nodes > MAX_NODES:
            raise ConfigurationError(f"{source} holds more than {MAX_NODES:,} values; is it the right file?")


def _too_deep(source: str) -> ConfigurationError:
    return ConfigurationError(f"{source} is nested deeper than {MAX_DEPTH} levels; flatten it")


def _prepare(root: yaml.MappingNode, source: str) -> dict[str, int]:
    """Mark texts, refuse keys written twice or not as text, and return the lines of the top-level keys."""
    seen: set[int] = set()
    lines: dict[str, int] = {}
    for node in _mappings(root, seen):
        keys: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigurationError(f"{source}:{line_of(key)} has a key that is a collection; write a text")
            if key.value in keys and key.tag != _MERGE_TAG:
                raise ConfigurationError(f"{source}:{line_of(key)} has the key {key.value} twice; keep one")
            keys.add(key.value)
            if key.tag != _MERGE_TAG:
                key.tag = _TEXT_TAG
            _mark_texts(key.value, value)
            if node is root:
                lines[key.value] = line_of(key)
    return lines


def _mappings(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _mappings(item, seen)


def _mark_texts(key: str, value: yaml.Node) -> None:
    if key in _TEXT_KEYS and isinstance(value, yaml.ScalarNode):
        # `~` and an empty value can be no id, so they stay null everywhere.
        if value.tag == _NULL_TAG and (key != _NEVER_NULL or value.value in ("", "~")):
            return
        value.tag = _TEXT_TAG
    elif key in _ID_LISTS and isinstance(value, yaml.SequenceNode):
        for item in value.value:
            if isinstance(item, yaml.ScalarNode) and not (item.tag == _NULL_TAG and item.value in ("", "~")):
                item.tag = _TEXT_TAG
