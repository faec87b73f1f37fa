"""Port mappings and URLs that a user writes. Pure functions of text."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from bosun_core.prediction_prefix import Prefix, parse_prefix

LOOPBACK = "127.0.0.1"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  # the document's own meaning of a bare port 80
_LARGEST_PORT = 65535


class Published(NamedTuple):
    """One port of a container that is reached from outside."""

    container_port: int
    host_address: str
    host_port: int


def parse_ports(key: str, mapping: Mapping[str, int | str], public: set[int]) -> tuple[Published, ...]:
    """Return the mapping `container port: host port` of the setting `key`, in the order of the container's ports.

    A host port may be written with an address, `"0.0.0.0:8081"`; without one those in `public` are reached from
    everywhere, the others from this machine alone.

    Raises:
        ValueError: a port is none, or one of the host is given twice.
    """
    found = []
    for inside, outside in mapping.items():
        address, _, port = str(outside).rpartition(":")
        if not (_is_port(str(inside)) and _is_port(port) and _is_address(address)):
            raise ValueError(
                f"{key} maps {inside!r} to {outside!r}; write container port: host port, from 1 to {_LARGEST_PORT}, "
                'say 80: 81, or with an address 8080: "0.0.0.0:8081"'
            )
        default = ALL_ADDRESSES if int(inside) in public else LOOPBACK
        found.append(Published(int(inside), address.strip("[]") or default, int(port)))
    twice = {one.host_port for one in found if [other.host_port for other in found].count(one.host_port) > 1}
    if twice:
        raise ValueError(f"{key} maps two ports to {min(twice)}; give each a host port of its own")
    return tuple(sorted(found))


def check_path(prefix: Prefix) -> None:
    """Check that the proxy leads to the path of `outfacingPredictionURLPrefix`.

    Raises:
        ValueError: it does not: Traefik 3 finds no percent-encoded path by a rule that is written so.
    """
    if "%" in prefix.path:
        raise ValueError(
            f"outfacingPredictionURLPrefix {prefix.url!r} has a path that is percent-encoded, which the proxy does not "
            "lead to; write it of letters, digits, . _ - and ~"
        )


def check_probe_url(url: str) -> None:
    """Check that probes can be sent to `url`: they are plain HTTP, to paths of their own.

    Raises:
        ValueError: they cannot.
    """
    with suppress(ValueError):
        given = parse_prefix(url)
        if given.scheme == "http" and not given.path:
            return
    raise ValueError(
        f'proxyProbeURL {url!r} is no http:// with a host and a port alone; write say "http://10.10.12.22:18099"'
    )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= _LARGEST_PORT


def _is_address(text: str) -> bool:
    import ipaddress

    if not text:
        return True
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
