"""What the types of the settings cannot check: each mistake is one sentence that begins with its key. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from bosun_core.prediction_prefix import parse_prefix

from bosun_k8s.documents import patches
from bosun_k8s.images.reference import parse as parse_reference

if TYPE_CHECKING:
    from bosun_k8s.settings import KubernetesSettings

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PLACEHOLDER = re.compile(r"<FILL[^>]*>?|<YOUR[^>]*>?", re.IGNORECASE)
_NAMES = {
    "kube_namespace": _LABEL,
    "kaniko_namespace": _LABEL,
    "ingress_class": _SUBDOMAIN,
    "kaniko_configmap_name": _SUBDOMAIN,
    "kaniko_secret_name": _SUBDOMAIN,
    "kaniko_service_account": _SUBDOMAIN,
    "registry_secret_name": _SUBDOMAIN,
    "gateway_listener": _SUBDOMAIN,
}
_IMAGES = ("pps_base_image", "scoring_code_base_image", "agent_image", "kaniko_image")


def check(settings: KubernetesSettings) -> None:
    """Check the settings.

    Raises:
        ValueError: one of them cannot be used.
    """
    keys = {field.name: field.encode_name for field in msgspec.structs.fields(type(settings))}
    _check_placeholders(settings, keys)
    for name, rule in _NAMES.items():
        value = getattr(settings, name)
        if value is not None and not rule.fullmatch(value):
            raise ValueError(f"{keys[name]} {value!r} is no name in a cluster; write lower-case letters, digits and -")
    for name in _IMAGES:
        value = getattr(settings, name)
        if value is not None:
            _check_image(keys[name], value)
    _check_repository(settings.generated_image_repo)
    for secret in settings.pull_secrets:
        if not _SUBDOMAIN.fullmatch(secret):
            raise ValueError(f"pullSecrets has {secret!r}, which is no name of a Secret; write lower-case letters")
    _check_gateway(settings.gateway)
    _ = settings.context_limit
    parse_prefix(settings.outfacing_prediction_url_prefix)
    for kind, operations in settings.patches.items():
        if kind not in patches.PATCHED_KINDS:
            raise ValueError(
                f"patches names {kind!r}, which is none of {', '.join(patches.PATCHED_KINDS)}; correct the kind"
            )
        patches.check(f"patches.{kind}", operations)


def _check_placeholders(settings: KubernetesSettings, keys: dict[str, str]) -> None:
    for name, key in keys.items():
        value = getattr(settings, name)
        found = _PLACEHOLDER.search(value) if isinstance(value, str) else None
        if found:
            raise ValueError(f"{key} still holds the placeholder {found[0]}; write your own value in its place")


def _check_image(key: str, reference: str) -> None:
    try:
        parse_reference(reference)
    except ValueError:
        raise ValueError(
            f"{key} {reference!r} is no image; write a name with a tag, say registry.example.com/pps:1.0"
        ) from None


def _check_repository(repository: str) -> None:
    problem = ValueError(
        f"generatedImageRepo {repository!r} is no repository; write a name without a tag, in lower case, say "
        "registry.example.com/mlops-model"
    )
    try:
        found = parse_reference(repository)
    except ValueError:
        raise problem from None
    if found.digest or found.has_tag:
        raise problem


def _check_gateway(gateway: str | None) -> None:
    if gateway is None:
        return
    namespace, slash, name = gateway.rpartition("/")
    if not _SUBDOMAIN.fullmatch(name) or (slash and not _LABEL.fullmatch(namespace)):
        raise ValueError(f"gateway {gateway!r} is none; write its namespace and name, say gateways/public")
