"""What a user writes as addresses and ports."""

import pytest
from bosun_core.prediction_prefix import Prefix, parse_prefix
from bosun_docker.proxy.addresses import Published, parse_ports


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://10.10.12.22:81", Prefix("http://10.10.12.22:81", "http", 81, "")),
        ("https://models.example.com/", Prefix("https://models.example.com", "https", None, "")),
        ("http://h/a//b/", Prefix("http://h/a/b", "http", None, "/a/b")),
        ("http://h/ü", Prefix("http://h/%C3%BC", "http", None, "/%C3%BC")),
        ("http://[::1]:81", Prefix("http://[::1]:81", "http", 81, "")),
    ],
)
def test_a_prefix_is_taken_apart(url: str, expected: Prefix) -> None:
    assert parse_prefix(url) == expected


@pytest.mark.parametrize(
    "url",
    ["", "10.10.12.22:81", "ftp://h", "http://", "http://h:x", "http://h:99999", "http://h/?a=1", "http://h/#a",
     "http://u:p@h", "http://h/{{x}}", "http://h/a`b", "http://h/a b", "http://h/\n"],
)  # fmt: skip
def test_what_is_no_prefix_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match=r"outfacingPredictionURLPrefix .* is no URL; write http://"):
        parse_prefix(url)


def test_ports_in_public_are_reached_from_everywhere_and_others_from_the_machine_alone() -> None:
    assert parse_ports("traefikPortMapping", {"80": 81, "8080": 8081}, {80}) == (
        Published(80, "0.0.0.0", 81),
        Published(8080, "127.0.0.1", 8081),
    )


def test_an_address_may_be_written() -> None:
    assert parse_ports("k", {"8080": "0.0.0.0:8081", "80": "192.0.2.1:81", "443": "[::1]:444"}, {80, 443}) == (
        Published(80, "192.0.2.1", 81),
        Published(443, "::1", 444),
        Published(8080, "0.0.0.0", 8081),
    )


@pytest.mark.parametrize(
    "mapping",
    [{"80": 0}, {"x": 81}, {"80": "81:"}, {"80": "h:81"}, {"80": 65536}, {"80": "81-90"}, {"-1": 5}, {"80": "٨١"}],
)
def test_what_is_no_mapping_is_refused_with_an_example(mapping: dict[str, int | str]) -> None:
    with pytest.raises(ValueError, match=r"k maps .* write container port: host port"):
        parse_ports("k", mapping, {80})


def test_one_host_port_is_given_once() -> None:
    with pytest.raises(ValueError, match="k maps two ports to 81"):
        parse_ports("k", {"80": 81, "443": 81}, {80})
