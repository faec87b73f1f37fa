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
_TRIGGERS = ("bearer", "basic", "authorization", "header value")


class Secrets:
    """The secret values that this process knows, and the way to mask them."""

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()
        self._forms: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        """Some values, and all that they may look like, the longest first: one may hold another."""

    def learn(self, settings: Mapping[str, Any]) -> None:
        """Remember each value whose key names a secret."""
        self.learn_values(*_secret_values(settings))

    def learn_values(self, *values: str) -> None:
        """Remember these texts as secrets; white space at their ends does not count."""
        known = self._values
        found = {value for value in map(str.strip, values) if len(value) >= _SHORTEST and value not in known}
        if found:
            self._values = (*known, *sorted(found))

    def learn_environment(self) -> None:
        """Remember the secrets of the process's environment variables, and the passwords in URLs among them."""
        self.learn(os.environ)
        for value in os.environ.values():
            if "@" in value and "://" in value:
                self.learn_url(value)

    def learn_url(self, url: str) -> None:
        """Remember the password in a URL, and its query, which may be signed."""
        from urllib.parse import unquote, urlsplit

        with contextlib.suppress(ValueError):  # no URL: nothing is asked of it either
            parts = urlsplit(url)
            password = parts.password or ""
            self.learn_values(password, unquote(password), parts.query)

    def mask(self, text: str) -> str:
        """Return `text` with each known secret replaced, in whatever encoding, and what looks like a credential."""
        if len(text) < _SHORTEST:
            return text
        if self._forms[0] is not self._values:
            self._forms = (self._values, _forms_of(self._values, *self._forms))
        for form in self._forms[1]:
            if form in text:
                text = text.replace(form, MASK)
        lower = text.lower()
        if ("@" in text and "://" in text) or any(word in lower for word in _TRIGGERS):
            from bosun_core.unknown_secrets import mask_unknown  # it compiles regular expressions

            text = mask_unknown(text)
        return text

    def mask_all(self, value: Any) -> Any:
        """Return plain data (dicts, lists, texts) with each secret in it replaced."""
        joined = "\n".join(_texts(value))
        return (
            value if self.mask(joined) == joined else self._masked(value)
        )  # a list of many deployments is looked at once

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self._masked(key): self._masked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._masked(item) for item in value]
        return value


def _forms_of(values: tuple[str, ...], known: tuple[str, ...], forms: tuple[str, ...]) -> tuple[str, ...]:
    """Return all that the values may look like, the longest first; `forms` are those of the values known before."""
    if not values:
        return ()
    from bosun_core.redaction_forms import forms_of  # only where a secret is known

    same = len(known) if values[: len(known)] == known else 0
    found = {*(forms if same else ()), *(form for value in values[same:] for form in forms_of(value))}
    return tuple(sorted(found, key=len, reverse=True))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


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
