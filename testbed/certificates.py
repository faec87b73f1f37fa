"""Certificates of an authority made for one engine or one cluster on this machine."""

import shutil
from pathlib import Path

from testbed.running import run

DAYS = "365"
_NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
SERVER = "extendedKeyUsage=serverAuth"
CLIENT = "extendedKeyUsage=clientAuth"


def make(folder: Path) -> None:
    """Fill `folder` with a new authority (`ca.pem`), and a server's and a client's pair that it signed.

    The client's stands in `folder/client` under the names that the Docker CLI looks for: ca.pem, cert.pem, key.pem.

    Raises:
        TestbedError: openssl is missing or fails.
    """
    authority(folder)
    client = folder / "client"
    client.mkdir(mode=0o700)
    signed(folder, "server", "/CN=testbed server", f"{_NAMES}\n{SERVER}")
    signed(folder, "client", "/CN=testbed client", CLIENT)
    shutil.copy(folder / "ca.pem", client / "ca.pem")
    (folder / "client.pem").rename(client / "cert.pem")
    (folder / "client.key").rename(client / "key.pem")
    (folder / "ca.key").unlink()


def authority(folder: Path) -> None:
    """Make `folder` anew, with an authority's `ca.pem` and `ca.key`.

    Raises:
        TestbedError: openssl is missing or fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    _openssl(
        "req", "-x509", *_KEY, "-days", DAYS, "-subj", "/CN=testbed", "-out", "ca.pem", "-keyout", "ca.key", cwd=folder
    )


def signed(folder: Path, name: str, subject: str, extensions: str) -> None:
    """Make `name.pem` and `name.key`, signed by the authority in `folder`.

    Raises:
        TestbedError: openssl is missing or fails.
    """
    # Python 3.13 and later refuse a certificate that does not name its authority's key.
    whole = f"authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n{extensions}\n"
    (folder / f"{name}.ext").write_text(whole, encoding="utf-8")
    _openssl("req", "-new", *_KEY, "-subj", subject, "-out", f"{name}.csr", "-keyout", f"{name}.key", cwd=folder)
    signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS)
    _openssl(
        "x509", "-req", "-in", f"{name}.csr", *signer, "-extfile", f"{name}.ext", "-out", f"{name}.pem", cwd=folder
    )


def _openssl(*words: str, cwd: Path) -> None:
    run(["openssl", *words], seconds=60, log="openssl", cwd=cwd)
