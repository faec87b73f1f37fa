"""How a registry is reached: with TLS or without, whose certificates are trusted, through which proxy."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from contextlib import suppress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from bosun_core.errors import InvalidRequest

from bosun_k8s.settings import KubernetesSettings

_TLS_PORT = 443


def is_plain(settings: KubernetesSettings, registry: str, seconds: float) -> bool:
    """Tell whether a registry is asked without TLS: only where that is allowed, and then where TLS is not spoken."""
    if registry in settings.plain_http_registries:
        return True
    return _may_be_plain(registry) and not _speaks_tls(registry, seconds)


def _may_be_plain(registry: str) -> bool:
    """Tell whether a registry is on this machine or a private network, where one without TLS is usual."""
    host = registry.rpartition(":")[0] if re.search(r":\d+$", registry) else registry
    if host == "localhost" or host.endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or address.is_private


def _speaks_tls(registry: str, seconds: float) -> bool:
    """Tell whether a registry answers a TLS handshake; whom it names is not looked at, and nothing is sent to it."""
    there = urlsplit(f"//{registry}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError):
        connection = socket.create_connection((there.hostname, there.port or _TLS_PORT), seconds)
        with connection, context.wrap_socket(connection, server_hostname=there.hostname):
            return True
    return False


def pool(settings: KubernetesSettings, registry: str, *, plain: bool) -> urllib3.PoolManager:
    """Return the connections to a registry, through the proxy that this process's variables name.

    Raises:
        InvalidRequest: registryCertificateAuthority is no certificate, or the variable names no proxy.
    """
    authority = settings.registry_certificate_authority
    # Reading the system's authorities takes 20 ms, and is left to who is led from plain HTTP to TLS, which is rare.
    context = None if plain and authority is None else ssl.create_default_context()
    if context is not None and authority is not None:
        try:
            context.load_verify_locations(authority)
        except OSError as error:
            raise InvalidRequest(
                f"registryCertificateAuthority {authority} cannot be used: {error.strerror or error}; write the path "
                "of a PEM file"
            ) from None
    proxy = getproxies().get("http" if plain else "https")
    if proxy is None or proxy_bypass(registry) or _may_be_plain(registry):
        return urllib3.PoolManager(ssl_context=context)
    try:
        return urllib3.ProxyManager(proxy.strip(), ssl_context=context)
    except urllib3.exceptions.HTTPError:  # whose text would show its password
        variable = "HTTP_PROXY" if plain else "HTTPS_PROXY"
        raise InvalidRequest(
            f"{variable} is not the URL of a proxy; write for example http://proxy.example.com:3128"
        ) from None
