"""Requests to one registry, with the token that it asks for; errors in one line."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from bosun_core.credentials import basic_authorization, header_credential
from bosun_core.errors import EnvironmentFailure, one_line
from bosun_core.redaction import SECRETS
from bosun_core.reporting import progress

from bosun_k8s.images.credentials import Login
from bosun_k8s.images.reaching import is_plain, pool
from bosun_k8s.settings import KubernetesSettings

Answer = urllib3.BaseHTTPResponse
Body = bytes | Iterator[bytes] | None

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
OTHERWISE = "where only the cluster reaches it, set imageBuilder: kaniko"
"""What to do about a registry that cannot be reached from here."""

_BUSY = (429, 503)
_FIRST_SECONDS = 1.5  # for a registry that has not answered yet
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
_CONNECT_SECONDS, _SHORT_CONNECT_SECONDS = 10.0, 2.0
_UNTRUSTED = "CERTIFICATE_VERIFY"
_HUB_HOST = "registry-1.docker.io"


class Lost(EnvironmentFailure):
    """The connection broke; what was asked may be asked again, or gone on with."""


class Answered(EnvironmentFailure):
    """The registry answered with an error; `code` is its HTTP status."""

    def __init__(self, message: str, code: int) -> None:
        self.code = code
        super().__init__(message)


class Transport:
    """Requests to one registry.

    Args:
        settings: how registries are reached.
        registry: host and port.
        login: who is to ask.
        scopes: what is to be done there, as `repository:name:pull,push`.
        otherwise: what to do where it cannot be reached from here.
        is_hurried: whether it has to be there at once: what it would say can be done without.
    """

    def __init__(
        self,
        settings: KubernetesSettings,
        registry: str,
        login: Login | None,
        scopes: list[str],
        *,
        otherwise: str = OTHERWISE,
        is_hurried: bool = False,
    ) -> None:
        self.registry = registry
        self._limit = settings.registry_limit
        self._login = login
        self._scopes = scopes
        self._otherwise = otherwise
        self._connect_seconds = _SHORT_CONNECT_SECONDS if is_hurried else _CONNECT_SECONDS
        self._authorization = ""
        self._has_answered = False
        plain = is_plain(settings, registry, self._connect_seconds)
        self._pool = pool(settings, registry, plain=plain)
        self._url = f"{'http' if plain else 'https'}://{_HUB_HOST if registry == 'docker.io' else registry}"

    def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: Body = None, read: bool = True
    ) -> Answer:
        """Return the answer to a request; `path` may be a whole URL that the registry gave.

        What is asked with bytes, or without a body, is asked again while the registry is too busy or away, at most
        registryLimit; one that has not answered at all is not waited for.

        Raises:
            Lost: the connection broke.
            Answered: the registry answered with an error.
        """
        url = urljoin(self._url, path)
        again = body is None or isinstance(body, bytes)
        deadline = time.monotonic() + (self._limit if self._has_answered else min(self._limit, _FIRST_SECONDS))
        pause = _FIRST_PAUSE
        while True:
            try:
                answer = self._once(method, url, headers or {}, body, read=read)
            except Lost:
                if not again or time.monotonic() + pause > deadline:
                    self._has_answered &= not again  # what is asked on the way out does not wait once more
                    raise
            else:
                self._has_answered = True
                if answer.status == UNAUTHORIZED and again and self._obey(answer.headers.get("WWW-Authenticate", "")):
                    answer = self._once(method, url, headers or {}, body, read=read)
                wait = answer.headers.get("Retry-After", "")
                pause = max(pause, float(wait) if wait.isdigit() else 0.0)
                if answer.status not in _BUSY or not again or time.monotonic() + pause > deadline:
                    return self._checked(method, url, answer)
            progress("waiting for the registry", 0)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: Body, *, read: bool) -> Answer:
        sys.audit("bosun.step", f"{method} {self.registry}")
        own = url.startswith(self._url)  # an upload may go to storage elsewhere, which the token is not for
        allowed = {"Authorization": self._authorization} if self._authorization and own else {}
        try:
            found: Answer = self._pool.request(
                method,
                url,
                body=body,
                headers={"User-Agent": "bosun-k8s", **headers, **allowed},
                timeout=urllib3.Timeout(connect=self._connect_seconds, read=self._limit),
                retries=urllib3.Retry(0, redirect=5) if method in ("GET", "HEAD") else False,
                preload_content=read,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Lost(self._why_lost(error, sends=not isinstance(body, bytes | None))) from error
        except ValueError:  # whose text would show the header
            if not isinstance(body, bytes | None):
                raise  # what yields the content may have raised it
            raise self._unsendable() from None
        return found

    def _unsendable(self) -> EnvironmentFailure:
        return EnvironmentFailure(
            f"the registry {self.registry} cannot be asked: a header of the request contains a character that HTTP "
            "cannot send; correct registrySecretName, or what the registry answers"
        )

    def _why_lost(self, error: BaseException, *, sends: bool = False) -> str:
        reason = one_line(getattr(error, "reason", None) or error)
        if _UNTRUSTED in str(error):
            why = "its certificate is not trusted; set registryCertificateAuthority"
        elif "WRONG_VERSION" in str(error) or "record layer" in str(error).lower():
            why = "it does not speak TLS; name it in plainHttpRegistries"
        elif sends:
            return (
                f"the registry {self.registry} breaks off what is sent to it ({reason}); look at its log and disk, and "
                "at the longest request that proxies before it let through"
            )
        elif self._has_answered:
            return f"the registry {self.registry} does not answer any more ({reason}); see that it runs"
        else:
            why = reason
        return f"the registry {self.registry} cannot be reached from here: {why}; {self._otherwise}"

    def _obey(self, challenge: str) -> bool:
        """Get the authorization that a registry asks for; False where there is nothing more to try."""
        kind, _, rest = challenge.partition(" ")
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        basic = "" if self._login is None else basic_authorization(*self._login)
        if kind.lower() == "basic":
            tried, self._authorization = self._authorization, basic
            return bool(basic) and tried != basic
        if kind.lower() != "bearer" or "realm" not in asked:
            return False
        query = [("service", asked["service"])] if "service" in asked else []
        query += [("scope", scope) for scope in self._scopes or filter(None, [asked.get("scope", "")])]
        url = f"{asked['realm']}?{urlencode(query)}"
        shown = urlsplit(url).netloc.rpartition("@")[2]
        try:
            answer = self._pool.request(
                "GET", url, headers={"Authorization": basic} if basic else {}, retries=False, timeout=self._limit
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Lost(self._why_lost(error)) from error
        except ValueError:
            raise self._unsendable() from None
        if answer.status in (UNAUTHORIZED, FORBIDDEN):
            return False
        with suppress(ValueError, AttributeError):
            found = json.loads(answer.data)
            token = str(found.get("token") or found.get("access_token") or "").strip()
            if not token:
                return False
            token = header_credential(token, f"the token for the registry {self.registry} that {shown} answers with")
            tried, self._authorization = self._authorization, f"Bearer {token}"
            return tried != self._authorization
        return False

    def _checked(self, method: str, url: str, answer: Answer) -> Answer:
        if answer.status < 400:
            return answer
        said = _said(answer)
        if answer.status in (UNAUTHORIZED, FORBIDDEN) or "denied" in said:
            who = "without credentials" if self._login is None else f"as {self._login.user}"
            message = f"the registry {self.registry} refuses access {who} ({said}); correct registrySecretName"
        elif answer.status == NOT_FOUND:
            message = f"the registry {self.registry} has no {url.partition('/v2/')[2] or url}"
        else:
            message = (
                f"the registry {self.registry} fails {method} with {answer.status} ({said}); look at its log and disk"
            )
        raise Answered(message, answer.status)


def _said(answer: Answer) -> str:
    content = answer.data
    with suppress(ValueError, KeyError, IndexError, TypeError):
        first: dict[str, Any] = json.loads(content)["errors"][0]
        return one_line(": ".join(str(first[key]) for key in ("code", "message") if first.get(key)))
    return one_line(SECRETS.mask(content.decode(errors="replace"))[:200]) or f"HTTP {answer.status}"
