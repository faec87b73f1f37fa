"""What a secret looks like in each encoding. Imported only where a secret is known."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterator

from bosun_core.errors import one_line

_SHORTEST = 8
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""What no encoding escapes."""
_QUOTES = frozenset("\\'\"")
_JSON_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def forms_of(secret: str) -> Iterator[str]:
    """Yield what a secret looks like as it is, escaped (Python, JSON, URL) and in Base64; so does each line of it."""
    lines = secret.splitlines()
    parts = {secret, one_line(secret)}
    if len(lines) > 1:
        parts.update(line.strip() for line in lines if not line.startswith("-----"))  # the frame of a PEM file
    for part in parts:
        if len(part) >= _SHORTEST:
            yield from (form for form in _encoded(part) if len(form) >= _SHORTEST)


def _encoded(text: str) -> Iterator[str]:
    documents, literals = {text}, set[str]()
    if not _UNRESERVED.issuperset(text):
        if not (text.isascii() and text.isprintable()) or _QUOTES.intersection(text):
            documents |= {_each(text, _of_json), _each(text, _of_ascii_json)}
            literals = _literals(text)
        yield from _percent_encoded(text)
    for form in documents:
        yield from _base64(form)
    for form in documents | literals:
        yield form
        yield one_line(form)  # as a message has it


def _literals(text: str) -> set[str]:
    """Return a text as `repr` has it, of text and of bytes, within whatever quotes."""
    encoded = (text.encode("utf-8", "surrogatepass"), text.encode("latin-1", "replace"))
    of_bytes = {"".join(repr(bytes([byte]))[2:-1] for byte in content) for content in encoded}
    literals = _with_quotes_escaped({_each(text, _of_repr), _each(text, _of_ascii), *of_bytes})
    # An error's text may stand within the repr of another error.
    return literals | _with_quotes_escaped({_each(form, _of_repr) for form in literals})


def _with_quotes_escaped(literals: set[str]) -> set[str]:
    return literals | {form.replace("'", "\\'") for form in literals}


def _each(text: str, written: Callable[[str], str]) -> str:
    return "".join(map(written, text))


def _of_repr(character: str) -> str:
    return repr(character)[1:-1]


def _of_ascii(character: str) -> str:
    return ascii(character)[1:-1]


def _of_json(character: str) -> str:
    return _JSON_SHORT.get(character) or (f"\\u{ord(character):04x}" if character < " " else character)


def _of_ascii_json(character: str) -> str:
    if character < "\x7f":
        return _of_json(character)
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _percent_encoded(text: str) -> Iterator[str]:
    """Yield a text as URLs have it: paths, queries and forms."""
    as_bytes = text.encode("utf-8", "surrogatepass").decode("latin-1")
    # The codes hold percent signs, and a space may become a plus sign: the one comes first, the other last.
    reserved = sorted(set(as_bytes) - _UNRESERVED, key=lambda character: (character != "%", character == " "))
    for kept, space in (("/", "%20"), ("", "%20"), ("", "+")):
        for code in ("%{:02X}", "%{:02x}"):
            written = as_bytes
            for character in reserved:
                if character not in kept:
                    written = written.replace(character, space if character == " " else code.format(ord(character)))
            yield written


def _base64(text: str) -> Iterator[str]:
    """Yield what is certain of a text within Base64, which depends on where it begins."""
    content = text.encode("utf-8", "surrogatepass")
    for before in range(3):
        encoded = b2a_base64(b"\0" * before + content, newline=False).decode()
        # The first and last characters hold bits of what stands before and behind it.
        certain = encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
        yield certain
        if "+" in certain or "/" in certain:
            yield certain.replace("+", "-").replace("/", "_")
