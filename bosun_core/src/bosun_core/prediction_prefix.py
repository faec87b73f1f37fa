"""`outfacingPredictionURLPrefix`, which a user writes: checked, and taken apart. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

_FORBIDDEN = re.compile(r"[{}`\\\"'<>|^\s\x00-\x1f\x7f]")


class Prefix(NamedTuple):
    """The prefix, taken apart; `path` is percent-encoded, without a slash at its end."""

    url: str
    scheme: str
    port: int | None
    path: str

    @property
    def host(self) -> str:
        """The host alone, an IPv6 address without its brackets."""
        return urlsplit(self.url).hostname or ""


def parse_prefix(url: str) -> Prefix:
    """Return the prefix taken apart.

    Raises:
        ValueError: it is no URL that predictions could be sent to.
    """
    shown = repr(url) if len(url) <= 60 else f"{url[:57]!r}..."
    problem = ValueError(
        f"outfacingPredictionURLPrefix {shown} is no URL; write http:// or https://, a host, and a port where it needs "
        'one, say "http://10.10.12.22:81"'
    )
    if _FORBIDDEN.search(url):
        raise problem
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in url:
        raise problem
    path = quote(re.sub(r"/+", "/", parts.path).rstrip("/"), safe="/%-._~!$&()*+,;=:")
    return Prefix(f"{parts.scheme}://{parts.netloc}{path}", parts.scheme, port, path)
