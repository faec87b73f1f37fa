"""What looks like a credential though nobody knows it. Imported only where a text has a word of such."""

from __future__ import annotations

import re

_LONGEST_WORD = 15  # of those that follow `basic` and `bearer` in a sentence
_SHORTEST_CREDENTIAL = 4

_IN_URL = re.compile(r"(://[^\s/?#:@]*):[^\s/?#]+@")
_HEADER_VALUE = re.compile(r"""(header value:?\s*)b?(?:(['"])(?:\\.|(?!\2).)*(?:\2|$)|\\+['"].*)""", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"""(authorization\\*['"]?\s*[:=,]\s*\(?\s*b?)"""
    r"""(?:(['"])(?P<quoted>(?:\\.|(?!\2).)+)|(?P<scheme>(?:basic|bearer)\s+\S+?)(?=['",;.:)\]}>]*(?:\s|$)))""",
    re.IGNORECASE,
)
_OTHER_AUTHORIZATION = re.compile(
    r"(authorization\s*[:=]\s*(?:[a-z]+\s+)?)(\S+?)(?=['\",;.:)\]}>]*(?:\s|$))", re.IGNORECASE
)
_QUOTED = re.compile(
    r"""((['"])(?:(?:proxy-)?authorization\s*:\s*)?(?:basic|bearer)\s+)((?:\\.|(?!\2).)+)""", re.IGNORECASE
)
_SCHEME = re.compile(r"(\b(?:basic|bearer)(?:\s+|:\s*|%20|\+))(\S+?)(?=['\",;.:)\]}>]*(?:\s|$))", re.IGNORECASE)


def mask_unknown(text: str) -> str:
    """Return a text without what looks like a header's value, a credential in one, or a password in a URL."""
    text = _IN_URL.sub(r"\1:***@", text)
    text = _HEADER_VALUE.sub(r"\1***", text)
    text = _QUOTED.sub(_masked_quoted, text)
    text = _AUTHORIZATION.sub(_masked_authorization, text)
    for pattern in (_OTHER_AUTHORIZATION, _SCHEME):
        text = pattern.sub(_masked_word, text)
    return text


def _masked_authorization(found: re.Match[str]) -> str:
    """Return what stands for an Authorization header's value, whatever it looks like, its scheme kept."""
    words = (found["quoted"] or found["scheme"]).split()
    scheme = f"{words[0]} " if len(words) > 1 and words[0].isalpha() else ""
    return f"{found[1]}{found[2] or ''}{scheme}***"


def _masked_quoted(found: re.Match[str]) -> str:
    words = found[3].split()
    is_header = "authorization" in found[1].lower()
    return f"{found[1]}***" if is_header or any(map(_is_credential, words[:2])) else found[0]


def _masked_word(found: re.Match[str]) -> str:
    return f"{found[1]}***" if _is_credential(found[2]) else found[0]


def _is_credential(word: str) -> bool:
    """Tell whether a word can be one, and is no word of a sentence (`basic authentication`) or part of a challenge."""
    bare = word.strip("'\"()[]{}<>.:!?*\\")
    if len(bare) < _SHORTEST_CREDENTIAL or bare.startswith("realm="):
        return False
    is_word = bare.isalpha() and (bare[1:].islower() or bare.isupper())
    return not is_word or len(bare) > _LONGEST_WORD
