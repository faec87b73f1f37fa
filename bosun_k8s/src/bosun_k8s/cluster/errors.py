"""What goes wrong between us and the API server, in one line that says what to do. Pure functions of its answers."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

import yaml
from bosun_core.errors import EnvironmentFailure, causes_of, one_line

from bosun_k8s.settings import IN_CLUSTER

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, GONE, TOO_MANY, UNAVAILABLE = (
    401, 403, 404, 409, 410, 429, 503,
)  # fmt: skip
_REMEDIES = (
    ("exceeded quota", "the namespace's ResourceQuota has no room; raise it, or ask for less in keyValueConfig"),
    ("failed quota", "the namespace's ResourceQuota counts what the pods do not name; set it in keyValueConfig"),
    ("violates PodSecurity", "the namespace's Pod Security Standard refuses it; change the standard, or `patches`"),
    ("denied the request", "an admission webhook of the cluster refuses it; ask who runs it, or change `patches`"),
    ("failed calling webhook", "an admission webhook of the cluster does not answer as it is to; ask who runs it"),
    ("denied request", "an admission policy of the cluster refuses it; ask who made it, or change `patches`"),
    (
        "error looking up service account",
        "the service account is not there; make it, or correct its name in the settings",
    ),
    ("being terminated", "the namespace is being deleted; create it again when it is gone, or correct kubeNamespace"),
    ("Apply failed with", "somebody else has set this field; let them leave it, or set forceConflicts: true"),
    ("system:anonymous", "the kubeconfig's user has no credentials, or its program gives none; correct the user"),
    ("to an HTTPS server", "it does not speak plain HTTP, as the kubeconfig's server says; write https there"),
    ("404 page not found", "nothing is known of that there; install its CRD, or correct the kubeconfig's server"),
)


class Refused(EnvironmentFailure):
    """The API server answered with an error; `code` is its HTTP status."""

    def __init__(self, doing: str, code: int, explanation: str) -> None:
        self.code = code
        self.explanation = one_line(explanation)
        super().__init__(f"cannot {doing}: {_with_remedy(code, self.explanation)}")


class Missing(Refused):
    """What is asked for is not there."""


class Taken(Refused):
    """It is there already, was changed meanwhile, or a field of it belongs to another manager."""


class Forbidden(Refused):
    """This user may not, or a quota or an admission check says no."""


class TooOld(Refused):
    """The point in time that a watch or a page goes on from is forgotten by now."""

    next_page: str | None = None
    """The token with which a list goes on all the same, in the state of now."""


_KINDS = {NOT_FOUND: Missing, CONFLICT: Taken, FORBIDDEN: Forbidden, GONE: TooOld}


def refused(doing: str, code: int, answer: Mapping[str, Any] | str) -> Refused:
    """Return the error for an answer of the API server, a Status or a text."""
    explanation = answer if isinstance(answer, str) else str(answer.get("message") or answer.get("reason") or code)
    error = _KINDS.get(code, Refused)(doing, code, explanation or f"HTTP {code}")
    if isinstance(error, TooOld) and not isinstance(answer, str):
        error.next_page = (answer.get("metadata") or {}).get("continue")
    return error


def remedy(explanation: str) -> str | None:
    """Return what can be done where the API server refuses something with these words; None where nothing is known."""
    return next((told for word, told in _REMEDIES if word in explanation), None)


def _with_remedy(code: int, explanation: str) -> str:
    known = remedy(explanation)
    if known is not None:
        return f"{known} (the API server says: {explanation})"
    if code == UNAUTHORIZED:
        return "the API server does not take these credentials; renew them (kubectl shows the same)"
    if code == FORBIDDEN:
        return f"this user may not; grant it with deploy/role.yaml (the API server says: {explanation})"
    if code == NOT_FOUND and "namespaces " in explanation:
        return f"{explanation}; create it, or correct kubeNamespace"
    if code == NOT_FOUND and "could not find the requested resource" in explanation:
        return "the cluster does not know this kind of object; install its CRD, or choose another way"
    if code in (TOO_MANY, UNAVAILABLE):
        return f"the API server is too busy and stayed so for apiLimit (it says: {explanation})"
    return f"the API server says: {explanation}"


def unreachable(host: str, error: BaseException) -> EnvironmentFailure:
    """Return the error for an API server that could not be asked at all."""
    causes = list(causes_of(error))
    texts = " ".join(str(cause) for cause in causes)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "CERTIFICATE_VERIFY" in texts:
        why = "its certificate is not signed by the authority of the kubeconfig; correct certificate-authority there"
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        why = f"it and this process do not agree on TLS ({one_line(causes[-1])}); check the kubeconfig's certificates"
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        why = "nothing listens there; see that the cluster runs, and that the kubeconfig's server is right"
    elif "resolve" in texts or "Name or service" in texts:
        why = "its name is not known; correct the kubeconfig's server"
    elif any(isinstance(cause, TimeoutError) for cause in causes) or "timed out" in texts:
        why = "it does not answer; see that the cluster runs and that this machine reaches it"
    else:
        speaks = ", and that it speaks plain HTTP, as the kubeconfig's server says" if host.startswith("http:") else ""
        why = f"{one_line(causes[-1])}; see that the cluster runs{speaks}"
    return EnvironmentFailure(f"the API server {host} cannot be asked: {why}")


def no_configuration(context: str, file: str, error: Exception) -> str:
    """Return why there is no configuration for a context, `file` being the kubeconfig."""
    text = one_line(error)
    if isinstance(error, yaml.YAMLError):
        text = re.sub(r"'[^']{4,}'", "'***'", text)  # a password that is an alias, or a tag, to YAML
    if context == IN_CLUSTER:
        return (
            f"kubeConfigContext is {IN_CLUSTER} and this process runs in no pod ({text}); "
            "write the name of a context of your kubeconfig (`kubectl config get-contexts`)"
        )
    if "No configuration found" in text or isinstance(error, FileNotFoundError):
        return f"there is no kubeconfig at {file}; let KUBECONFIG name one"
    if isinstance(error, TimeoutError):
        return f"the program that the kubeconfig {file} names for its user does not end; run it by hand"
    if f"object with name {context}" in text:
        return f"kubeConfigContext {context!r} is not in {file}; `kubectl config get-contexts` shows what is"
    return f"the kubeconfig {file} cannot be used: {text}; correct it"
