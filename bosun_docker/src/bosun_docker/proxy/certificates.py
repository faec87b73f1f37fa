"""The certificate that the proxy serves HTTPS with: read, and seen to be one before the proxy gets it."""

from __future__ import annotations

from pathlib import Path

from bosun_core.errors import ConfigurationError

from bosun_docker.settings import DockerSettings


def read(settings: DockerSettings) -> dict[str, bytes]:
    """Return the certificate and its key by the names that they have at the proxy; nothing without HTTPS.

    Raises:
        ConfigurationError: they cannot be read, or are no certificate with its key.
    """
    certificate, key = settings.traefik_certificate, settings.traefik_key
    if certificate is None or key is None:
        return {}
    files = {"cert.pem": _content("traefikCertificate", certificate), "key.pem": _content("traefikKey", key)}
    _check_pair(certificate, key)
    return files


def _content(setting: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "this is no path"
        raise ConfigurationError(f"{setting} {path} cannot be read: {why}; check the path") from None


def _check_pair(certificate: str, key: str) -> None:
    """Check that these belong together: with any others the proxy would serve a certificate that nobody trusts."""
    import ssl  # 10 ms that most actions can do without

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"traefikCertificate {certificate} and traefikKey {key} are no certificate with its key, as PEM without a "
            f"password ({error}); correct them"
        ) from None
