"""Ids that come from outside, made safe: the one rule, and names for narrower places."""

import re

from bosun_core.errors import InvalidRequest

ID_RULE = "a letter, digit or _ first, then letters, digits, . _ or -, 128 at most"
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def check_id(value: str, what: str) -> str:
    """Return `value` if it is an id that every environment can hold.

    Raises:
        InvalidRequest: it is not; `what` names the key it came from.
    """
    if _ID.fullmatch(value):
        return value
    shown = repr(value) if len(value) <= 40 else f"{value[:37]!r}... ({len(value)} characters)"
    raise InvalidRequest(f"{what} {shown} is no usable id: an id is {ID_RULE}")


def slug_with_hash(*parts: str, width: int, shown: int | None = None) -> str:
    """Return a lower-case name of letters, digits and `-`, at most `width` characters, unique to `parts`.

    It begins with a letter and ends with a hash of all parts, so that no two lists of parts share a name. Only the
    first `shown` parts are to be read in it; without it all are.
    """
    import hashlib

    # The length before each part keeps ("a", "bc") apart from ("ab", "c").
    digest = hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:12]
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(parts[:shown]).lower()).strip("-")
    if not slug[:1].isalpha():
        slug = f"x-{slug}"
    return f"{slug[: width - len(digest) - 1].rstrip('-')}-{digest}"
