"""PyYAML's safe loader, with complaints for people: what cannot be read, on which line, and what to do."""

from __future__ import annotations

from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML was built without libyaml: its own loader does the same, slower
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]  # it has the same methods

from bosun_core.errors import ConfigurationError

TAG = "tag:yaml.org,2002:"
_KINDS = {
    f"{TAG}int": "whole number",
    f"{TAG}float": "number",
    f"{TAG}bool": "boolean",
    f"{TAG}timestamp": "date",
    f"{TAG}binary": "base64",
}
_NUMBERS = {f"{TAG}int", f"{TAG}float"}
_LONGEST_NUMBER = 400  # characters: PyYAML takes hours for a megabyte in base 60 (1:1:1:...)
_LONGEST_SHOWN = 40


class Loader(_SafeLoader):
    """The safe loader; `source` names the file in its errors.

    Raises:
        ConfigurationError: a value is not what it looks like, or has a tag of another program.
        YAMLError: the text is no YAML.
    """

    def __init__(self, text: str, source: str = "") -> None:
        super().__init__(text)
        self.source = source

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # PyYAML's signature
        """Return the value of a node."""
        if node.tag in _NUMBERS and len(node.value) > _LONGEST_NUMBER:
            raise self._unreadable(node)
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, LookupError, TypeError, AttributeError):
            # PyYAML lets the conversions of numbers, dates and booleans raise as they are.
            raise self._unreadable(node) from None
        except yaml.constructor.ConstructorError:
            if node.tag in _KINDS:
                raise self._unreadable(node) from None
            raise

    def _unreadable(self, node: yaml.Node) -> ConfigurationError:
        text = (node.value if isinstance(node, yaml.ScalarNode) else "a collection") or "nothing"
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
        kind = _KINDS.get(node.tag, "value of its type")
        return ConfigurationError(f"{self.source}:{line_of(node)} holds {shown}, which is no {kind}; quote it")

    def lone_equals_sign(self, node: yaml.ScalarNode) -> Any:
        """Return `=` as the text that it is to everybody but YAML 1.1."""
        return self.construct_scalar(node)

    def unknown_tag(self, node: yaml.Node) -> Any:
        """Refuse a tag that no plain YAML has."""
        tag = node.tag.replace(TAG, "!!")
        raise ConfigurationError(f"{self.source}:{line_of(node)} has the tag {tag}, which is not known here; remove it")


Loader.add_constructor(None, Loader.unknown_tag)
Loader.add_constructor(f"{TAG}value", Loader.lone_equals_sign)


def line_of(node: yaml.Node) -> int:
    """Return the line on which a node begins, the first being 1."""
    return int(node.start_mark.line) + 1


def syntax_problem(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Return the line of `text` that is no YAML, and why."""
    if isinstance(error, yaml.reader.ReaderError):  # it knows only the byte
        return text.encode()[: error.position].count(b"\n") + 1, error.reason
    mark = getattr(error, "problem_mark", None)
    line = min(mark.line if mark else 0, text.rstrip().count("\n"))  # not the one after the end
    problem = str(getattr(error, "problem", None) or "it cannot be parsed")
    if "cannot start any token" in problem and "\t" in text.split("\n")[line]:
        problem = "a tab stands where only spaces may"
    if "another document" in problem:
        problem = "a second document begins (---), and only one is read"
    return line + 1, problem
