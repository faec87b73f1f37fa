"""A model package on a web server: what is asked for, who is shown the token, and what a refusal means in words."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from bosun_core.credentials import basic_authorization, header_credential
from bosun_core.errors import EnvironmentFailure, InvalidRequest
from bosun_core.monitoring import SERVICE_URLS, service_url
from bosun_core.web_transport import SCHEMES, Watch, opened

_TOKEN_VARIABLE = "MLOPS_API_TOKEN"  # noqa: S105  # its name, not its value
_NO_URL = "modelArtifact is no URL that can be fetched; check its host and port"


class Cut(Exception):
    """The answer did not come whole. Another try may bring the rest, `wait` seconds from now at the earliest.

    `start_over`: what has come before is of no use to it.
    """

    def __init__(self, how: str, wait: float = 0.0, *, start_over: bool = False) -> None:
        super().__init__(how)
        self.wait = wait
        self.start_over = start_over


@dataclass(frozen=True)
class Source:
    """A package's URL, taken apart.

    `url` is asked for; `shown` is for messages, without the query, which may be signed; `login` is the value of an
    Authorization header.
    """

    url: str
    shown: str
    login: str | None
    token_origin: tuple[str, str, int] | None

    @property
    def file_name(self) -> str:
        """The last part of the path as a harmless file name; package.mlpkg where it names no file."""
        last = unquote(urlsplit(self.url).path.rpartition("/")[2])
        name = re.sub(r"[^A-Za-z0-9._-]", "_", last)[-128:].lstrip(".-")
        return name if "." in name else "package.mlpkg"

    @contextlib.contextmanager
    def answer(self, headers: Mapping[str, str], deadline: float) -> Iterator[http.client.HTTPResponse]:
        """Ask for the package and hand over the answer (200 or 206); at the deadline the connection is closed.

        Raises:
            Cut: there was no whole answer.
            BosunError: the server cannot be reached, or refuses.
        """
        # Only http and https come here: `source` and the redirects see to it.
        request = urllib.request.Request(self.url, headers={"User-Agent": "bosun-plugin-runner", **headers})  # noqa: S310
        watch = Watch(deadline - time.monotonic())
        try:
            with self._opened(request, watch) as response:
                if response.status not in (200, 206):
                    raise EnvironmentFailure(f"{self.shown} brought no package: the server answered {response.status}")
                yield response
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refusal(error) from None
        except (http.client.HTTPException, OSError) as error:
            raise self._failure(error) from None
        finally:
            watch.end()

    def _opened(self, request: urllib.request.Request, watch: Watch) -> http.client.HTTPResponse:
        try:
            return opened(request, self._authorise, watch)
        except ValueError:  # whose text would show the header
            raise InvalidRequest(
                f"{self.shown} cannot be requested: a header contains a character that HTTP cannot send; check the "
                "URL, and the proxy variables of this process"
            ) from None

    def _authorise(self, request: urllib.request.Request) -> None:
        """Add the credentials that the request's target, and only that, is to see."""
        token = os.environ.get(_TOKEN_VARIABLE, "").strip()
        if token and _origin(request.full_url) == self.token_origin:
            token = header_credential(token, f"the environment variable {_TOKEN_VARIABLE}")
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        elif self.login is not None and _origin(request.full_url) == _origin(self.url):
            request.add_unredirected_header("Authorization", self.login)

    def _refusal(self, error: urllib.error.HTTPError) -> Exception:
        """Return what to raise for an answer that is neither 200 nor 206."""
        if error.code in (401, 403):
            return EnvironmentFailure(f"{self.shown} may not be fetched ({error.code}); {self._about_token()}")
        if error.code in (404, 410):
            return InvalidRequest(f"modelArtifact {self.shown} is not there ({error.code}); check the URL")
        if error.code == 416:
            return Cut("it has changed", start_over=True)
        if error.code in (429, 503):
            wait = _seconds(error.headers.get("Retry-After"))
            if wait is not None:
                return Cut(f"the server is busy ({error.code})", wait)
        if 300 <= error.code < 400:  # urllib's own text would show where to, with a signature perhaps
            return EnvironmentFailure(f"{self.shown} redirects in a circle, or to what is not fetched; check the URL")
        return EnvironmentFailure(f"{self.shown} cannot be fetched: the server answered {error.code} {error.reason}")

    def _about_token(self) -> str:
        if not os.environ.get(_TOKEN_VARIABLE, "").strip():
            return f"{_TOKEN_VARIABLE} is not set"
        if _origin(self.url) != self.token_origin:
            return f"{_TOKEN_VARIABLE} is sent to the host of {' or '.join(SERVICE_URLS)} only, which is another"
        return f"check that {_TOKEN_VARIABLE} is valid and may read it"

    def _failure(self, error: Exception) -> Exception:
        """Return what to raise for an exchange that broke."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        host = urlsplit(self.url).netloc
        if isinstance(reason, http.client.InvalidURL):
            return InvalidRequest(_NO_URL)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return EnvironmentFailure(
                f"the certificate of {host} is not trusted ({reason.verify_message}); "
                "name the file of its authority in SSL_CERT_FILE"
            )
        if isinstance(reason, socket.gaierror):
            return EnvironmentFailure(f"cannot find the host of {self.shown} ({reason.strerror}); check the URL")
        if isinstance(reason, ConnectionRefusedError):
            return EnvironmentFailure(f"{host} refuses connections; check host and port, and that the server runs")
        if isinstance(reason, ssl.SSLError) and not isinstance(reason, ssl.SSLEOFError):
            return EnvironmentFailure(
                f"no TLS connection to {host} ({reason.reason}); check scheme and port of the URL"
            )
        if isinstance(reason, TimeoutError):
            return Cut("nothing came any more")
        if isinstance(reason, ConnectionError | http.client.HTTPException | ssl.SSLError):
            return Cut("the connection was cut")
        return EnvironmentFailure(f"cannot fetch {self.shown}: {getattr(reason, 'strerror', None) or reason}")


def source(url: str, plugin_config: Mapping[str, Any]) -> Source:
    """Return the package at `url`; what the URL says of a user and a password stays out of every message.

    Raises:
        InvalidRequest: this is no URL that can be asked for.
    """
    try:
        parts = urlsplit(url)
        host_is_sound = _origin(url) is not None and bool((parts.hostname or "").encode("idna"))
    except ValueError:
        host_is_sound = False
    if not host_is_sound:
        raise InvalidRequest(_NO_URL)
    host = parts.netloc.rpartition("@")[2]
    login = None
    if parts.username is not None:
        login = basic_authorization(unquote(parts.username), unquote(parts.password or ""))
    # A path may be written with spaces or letters that only their percent codes can stand for.
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?[]')}" if parts.query else ""
    asked = f"{parts.scheme}://{host}{path or '/'}"
    return Source(asked + query, asked, login, _origin(service_url(plugin_config)))


def _origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port, or None where `url` is no http(s) URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in SCHEMES:
        return None
    return parts.scheme, (parts.hostname or "").rstrip("."), port or SCHEMES[parts.scheme]


def _seconds(retry_after: str | None) -> float | None:
    """Return what `Retry-After` asks for, in seconds from now; None where it cannot be read."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after.strip()):
        return float(retry_after)
    import email.utils

    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())
