"""What goes wrong between us and the engine, in one line that says what to do. Pure functions of exceptions."""

from __future__ import annotations

import re
import ssl

from bosun_core.errors import EnvironmentFailure, causes_of, one_line

from bosun_docker.engine.host import EngineHost

NOT_FOUND, CONFLICT = 404, 409
_NO_ENGINE = r"\b40[0-9] Client Error|Invalid response from docker|Expecting value|RemoteDisconnected|BadStatus"
_LOST = "the connection to the engine was lost; see that it runs (`docker info`), then run the action again"


class Refused(EnvironmentFailure):
    """The engine answered with an error; `code` is its HTTP status."""

    def __init__(self, doing: str, code: int, explanation: str) -> None:
        self.code = code
        self.explanation = one_line(explanation)
        super().__init__(f"cannot {doing}: {_with_remedy(self.explanation)}")


class NameTaken(Refused):
    """A container of that name is there already."""


class Missing(Refused):
    """What is asked for is not there."""


def refused(doing: str, code: int, explanation: str) -> Refused:
    """Return the error for an answer of the engine."""
    kind = Missing if code == NOT_FOUND else NameTaken if code == CONFLICT and "in use by" in explanation else Refused
    return kind(doing, code, explanation)


_REMEDIES = (
    ("no space left on device", "the engine's disk is full; free some room (`docker system df` shows what takes it)"),
    ("pull access denied", "the image is not there, or needs a login; run `docker login`, or correct its name"),
    ("unauthorized", "the registry refused the credentials; run `docker login` as the user of this process"),
    ("no basic auth", "the registry wants a login; run `docker login` as the user of this process"),
    (
        "denied",
        "the registry refused access; run `docker login` as the user of this process, or correct the image's name",
    ),
    ("manifest unknown", "the registry has no such tag; correct the image's name"),
    ("not found: manifest", "the registry has no such tag; correct the image's name"),
    ("no such host", "the registry's name is not known; correct the image's name, or bring the image to the engine"),
    ("dial tcp", "the registry cannot be reached; bring the image to the engine (`docker load`), or mend the network"),
    (
        "Client.Timeout",
        "the registry does not answer; bring the image to the engine (`docker load`), or mend the network",
    ),
    (
        "request canceled",
        "the registry does not answer; bring the image to the engine (`docker load`), or mend the network",
    ),
    ("executable file not found", "the image has no such program to run; correct the image's name"),
    ("cannot assign requested address", "the engine's machine has no such address; correct it in the port mapping"),
    (
        "Credentials store error",
        "the credential helper of Docker's configuration failed; install it, or correct its name",
    ),
    ("could not select device driver", "the engine has no driver for GPUs; install it, or leave `gpus` out"),
)


def _with_remedy(explanation: str) -> str:
    for word, remedy in _REMEDIES:
        if word.lower() in explanation.lower():
            return f"{remedy} (the engine says: {explanation})"
    return f"the engine says: {explanation}"


def taken_port(error: Refused) -> int | None:
    """Return the port that something else listens on, where that is why the engine refused."""
    if not re.search(r"already allocated|already in use|port is not available", error.explanation):
        return None
    found = re.search(r":(\d+)(?: failed)?: (?:port|bind|listen)|:(\d+) failed|:(\d+): bind", error.explanation)
    return int(next(filter(None, found.groups()))) if found else None


def unreachable(host: EngineHost, error: BaseException) -> EnvironmentFailure:
    """Return the error for an engine that could not be asked at all."""
    return EnvironmentFailure(_why_unreachable(host, list(causes_of(error))))


def _why_unreachable(host: EngineHost, causes: list[BaseException]) -> str:
    def some(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    texts = " ".join(str(cause) for cause in causes)
    where = host.url.removeprefix("unix://")
    if host.url.startswith("ssh://") and some(NameError):
        return f"the engine at {where} is reached by SSH, which needs one more package; run `pip install paramiko`"
    if some(PermissionError):
        return f"this user has no right to the engine's socket {where}; add it to the socket's group (often `docker`)"
    if some(ssl.SSLError) or "certificate" in texts or "TLS" in texts:
        return (
            f"the engine at {host.url} and this process do not agree on TLS ({one_line(causes[-1])}); "
            "check DOCKER_TLS_VERIFY and DOCKER_CERT_PATH"
        )
    if "HTTPS server" in texts or "HTTP request to an HTTPS" in texts:
        return f"the engine at {host.url} wants TLS; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH"
    if some(FileNotFoundError):
        return f"no engine is at {where}; start Docker, or let DOCKER_HOST or a Docker context name where it is"
    if some(ConnectionRefusedError):
        return f"nothing listens at {where}; start Docker, or let DOCKER_HOST or a Docker context name where it is"
    if re.search(_NO_ENGINE, texts):
        return f"what answers at {where} is no Docker engine; let DOCKER_HOST or a Docker context name where it is"
    if some(TimeoutError) or "timed out" in texts:
        return f"the engine at {where} does not answer within engineLimit; see that it runs, and DOCKER_HOST names it"
    return f"the engine at {where} cannot be asked ({one_line(causes[-1])}); check DOCKER_HOST and that Docker runs"


def lost(doing: str, error: BaseException) -> EnvironmentFailure:
    """Return the error for an answer that did not come: the connection ended, or the SDK could not ask."""
    text = str(error)
    return EnvironmentFailure(f"cannot {doing}: {_with_remedy(text) if 'Credentials store' in text else _LOST}")
