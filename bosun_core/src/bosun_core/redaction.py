"""Secrets, kept out of whatever is written: log lines, statuses, events."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

MASK = "***"
# `key` alone names too many harmless things; `apiKey`, `secret_key` and the like do not.
# Looked for in a name's letters and digits; regular expressions for it would take 1.5 ms of every start to compile.
_SECRET_WORDS = ("token", "password", "passwd", "secret", "credential", "apikey", "accesskey", "privatekey")
_REFERENCES = ("name", "file", "path", "dir", "url")  # kanikoSecretName holds no secret
_SHORTEST = 8  # a shorter value would mask ordinary words


class Secrets:
    """The secret values that this process knows, and the way to mask them."""

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()
        """The longest first: one may hold another."""

    def learn(self, settings: Mapping[str, Any]) -> None:
        """Remember each value whose key names a secret."""
        found = {*self._values, *(value for value in _secret_values(settings) if len(value) >= _SHORTEST)}
        self._values = tuple(sorted(found, key=len, reverse=True))

    def learn_environment(self) -> None:
        """Remember the secrets of the process's environment variables."""
        self.learn(os.environ)

    def learn_url(self, url: str) -> None:
        """Remember the password in a URL, and its query, which may be signed."""
        from urllib.parse import unquote, urlsplit

        with contextlib.suppress(ValueError):  # no URL: nothing is asked of it either
            parts = urlsplit(url)
            password = parts.password or ""
            self.learn({"password": password, "secret": parts.query})
            self.learn({"password": unquote(password)})

    def mask(self, text: str) -> str:
        """Return `text` with each known secret replaced."""
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        return text

    def mask_all(self, value: Any) -> Any:
        """Return plain data (dicts, lists, texts) with each known secret replaced."""
        if not self._values:
            return value
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self.mask_all(key): self.mask_all(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mask_all(item) for item in value]
        return value


def _secret_values(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _secret_values(value)
        elif isinstance(value, str) and _names_a_secret(str(key)):
            yield value


def _names_a_secret(key: str) -> bool:
    name = "".join(filter(str.isalnum, key)).lower()
    return any(word in name for word in _SECRET_WORDS) and not name.endswith(_REFERENCES)


SECRETS = Secrets()
"""What this process knows: logging is one for a process, so the secrets that it masks are too."""
