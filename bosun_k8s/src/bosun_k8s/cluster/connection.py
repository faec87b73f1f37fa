"""The API server, as the configuration leads to it.

Documents go out and come in as plain dicts; errors are turned into ours. Each request raises an audit event
`bosun.step` first, so that a test can end the process before any of them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypedDict, TypeVar, Unpack
from urllib.parse import urlencode

import msgspec
import urllib3
from bosun_core.errors import EnvironmentFailure, one_line
from bosun_core.redaction import SECRETS
from bosun_core.reporting import progress

from bosun_k8s.cluster import kubeconfig
from bosun_k8s.cluster.errors import TOO_MANY, UNAUTHORIZED, UNAVAILABLE, Refused, refused, unreachable
from bosun_k8s.cluster.limits import within
from bosun_k8s.cluster.login import Login
from bosun_k8s.settings import IN_CLUSTER, KubernetesSettings

Document = dict[str, Any]
Answer = urllib3.BaseHTTPResponse
ReadT = TypeVar("ReadT")

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
_JSON = "application/json"
_WEBHOOK_SECONDS = 30.0  # the API server itself may wait so long for an admission webhook
_CONNECT_SECONDS = 10.0
_SHORT_SECONDS = 3.0  # for one that has not answered just now
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_CLIENT_ERROR = 400
_BEGINNING = 4096
_LOST = urllib3.exceptions.ProtocolError  # there is a server, and no answer of it
_DOCUMENT = msgspec.json.Decoder(Document)


class Sent(TypedDict, total=False):
    """What goes along with a request, and how long its answer may take."""

    query: Mapping[str, str]
    body: Document
    content_type: str
    accept: str
    answer_seconds: float


class Cluster:
    """A connection to the API server that the settings name; `namespace` is that of the deployments.

    Raises:
        ConfigurationError: there is no such configuration.
        EnvironmentFailure: each request, where the API server refuses (`Refused`) or cannot be asked.
    """

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings
        self._login = self._logged_in()
        self.namespace = settings.kube_namespace or self._login.namespace
        self.host = self._login.host
        self._answers: bool | None = None  # not known before it was asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._login.pool.clear()

    def _logged_in(self) -> Login:
        file, context = _kubeconfig(), self._settings.kube_config_context
        found = None if context == IN_CLUSTER else kubeconfig.login(file, context)
        if found is None:
            from bosun_k8s.cluster import client  # see kubeconfig

            found = client.login(client.configuration(file, context, self._answer_seconds))
        return found

    def request(self, doing: str, method: str, path: str, **more: Unpack[Sent]) -> bytes:
        """Return what the API server answers; `doing` says in an error what was asked, verb and resource."""
        with self.opened(doing, method, path, **more) as answer:
            return bytes(answer.data)

    def ask(self, doing: str, method: str, path: str, **more: Unpack[Sent]) -> Document:
        """Return the document that the API server answers with."""
        return self.read(self.request(doing, method, path, **more), _DOCUMENT)

    def read(self, answer: bytes, decoder: msgspec.json.Decoder[ReadT]) -> ReadT:
        """Return what an answer holds.

        Raises:
            EnvironmentFailure: it is none of an API server.
        """
        try:
            return decoder.decode(answer)
        except msgspec.DecodeError as error:
            raise EnvironmentFailure(
                f"{self.host} answers with no document of Kubernetes; correct the kubeconfig's server, or what stands "
                "before it"
            ) from error

    @contextmanager
    def opened(self, doing: str, method: str, path: str, **more: Unpack[Sent]) -> Iterator[Answer]:
        """Yield an answer that is not read yet. While the API server is too busy or starts anew, it is asked again."""
        sys.audit("bosun.step", doing)
        query, body = more.get("query"), more.get("body")
        url = self.host + path + (f"?{urlencode(query)}" if query else "")
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Accept": more.get("accept", _JSON)}
        if sent is not None:
            headers["Content-Type"] = more.get("content_type", _JSON)
        answer = self._answered(doing, method, url, sent, headers, more.get("answer_seconds", self._answer_seconds))
        try:
            yield answer
        except urllib3.exceptions.HTTPError as error:
            raise unreachable(self.host, error) from error
        finally:
            answer.close()  # one that was read whole has given its connection back before

    def asked_once(self, doing: str, path: str, seconds: float) -> tuple[int, bytes] | None:
        """Return status and beginning of whatever answers a GET, an error too; None where nothing does in time."""
        sys.audit("bosun.step", doing)
        try:
            answer = self._sent("GET", self.host + path, None, {}, urllib3.Timeout(seconds))
            try:
                return answer.status, answer.read(_BEGINNING)
            finally:
                answer.close()
        except (urllib3.exceptions.HTTPError, OSError):
            return None

    @property
    def _answer_seconds(self) -> float:
        """How long the API server may take to answer."""
        return self._settings.api_limit + _WEBHOOK_SECONDS

    def _answered(
        self, doing: str, method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float
    ) -> Answer:
        deadline = time.monotonic() + self._settings.api_limit
        pause, renewed = _FIRST_PAUSE, False
        while True:
            try:
                answer = self._sent(method, url, body, headers, self._timeout(seconds))
                failure = _refused(doing, answer.status, answer.data) if answer.status >= _CLIENT_ERROR else None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                may_answer = self._answers or (self._answers is None and isinstance(error, _LOST))
                if not may_answer or time.monotonic() + pause > deadline:
                    self._answers = False  # what is asked on the way out does not wait so long once more
                    raise unreachable(self.host, error) from error
                self._answers = self._answers or False  # one that has never answered is asked once more, no longer
            else:
                self._answers = True
                if failure is None:
                    return answer
                wait = answer.headers.get("Retry-After", "")
                if answer.status == UNAUTHORIZED and not renewed:
                    renewed = True
                    self._login = self._logged_in()
                    continue
                if answer.status not in (TOO_MANY, UNAVAILABLE):
                    raise failure
                pause = max(pause, float(wait) if wait.isdigit() else 0.0)
                if time.monotonic() + pause > deadline:
                    raise failure
            progress("waiting for the API server", 0)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _sent(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], timeout: urllib3.Timeout
    ) -> Answer:
        """Return the answer, not read yet, to a request that is sent once; a redirect is an answer too."""
        try:
            return self._login.pool.request(
                method,
                url,
                body=body,
                headers={**headers, "User-Agent": "bosun-k8s", **self._login.headers()},
                timeout=timeout,
                retries=False,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError:
            raise
        except ValueError:  # whose text would show the header
            raise EnvironmentFailure(
                f"the API server {self.host} cannot be asked: a header of the request contains a character that HTTP "
                "cannot send; correct the kubeconfig's user and the proxy variables"
            ) from None

    def _timeout(self, seconds: float) -> urllib3.Timeout:
        if self._answers is False:
            return urllib3.Timeout(_SHORT_SECONDS)
        return urllib3.Timeout(connect=_CONNECT_SECONDS, read=seconds)

    def attached(self, path: str, query: list[tuple[str, str]]) -> Any:
        """Return an open connection (a WSClient) to the streams of a container."""
        from bosun_k8s.cluster import client  # see kubeconfig

        doing = f"attach to {path.rpartition('/pods/')[2].partition('/')[0]}"
        sys.audit("bosun.step", doing)
        made = client.configuration(_kubeconfig(), self._settings.kube_config_context, self._answer_seconds)
        try:
            stream = within(self._answer_seconds, lambda: client.stream(made, path, query, self._login.headers()))
        except TimeoutError as error:
            raise unreachable(self.host, error) from error
        except Exception as error:  # the client raises what its connection does, of several libraries
            code = getattr(error, "status_code", None)
            if code is None:
                raise EnvironmentFailure(f"cannot {doing}: {one_line(error)}; see that the cluster runs") from error
            raise _refused(doing, code, getattr(error, "resp_body", None) or b"") from error
        stream.sock.settimeout(self._answer_seconds)
        return stream


def _refused(doing: str, code: int, content: bytes) -> Refused:
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError:
        found = SECRETS.mask(content.decode(errors="replace"))[:500]  # masked first: a part of a secret is none to find
    return refused(doing, code, found if isinstance(found, dict) else str(found))


def _kubeconfig() -> str:
    return os.environ.get("KUBECONFIG") or "~/.kube/config"
