"""Route files: what the proxy reads, and what is read back from it."""

import json
import re
from typing import Any

import pytest
from bosun_core.errors import InvalidRequest
from bosun_docker.proxy import routes
from bosun_docker.proxy.routes import Route

ROUTE = Route(
    key="0123456789abcdef",
    deployment_id="d-1.x",
    container="0a1b2c3d4e5f",
    port=8080,
    generation=3,
    token="00112233445566778899aabbccddeeff",
    public=True,
    prefix_path="/models%20of/us",
)


def test_a_public_route_is_this_file() -> None:
    name = "0123456789abcdef-a"
    path = "/models%20of/us/deployments/d-1.x"
    probed = f"/00112233445566778899aabbccddeeff-public{path}"
    assert json.loads(routes.render(ROUTE, "a")) == {
        "http": {
            "routers": {
                f"{name}-probe": {
                    "entryPoints": ["probe"],
                    "rule": "PathPrefix(`/00112233445566778899aabbccddeeff/`)",
                    "middlewares": [f"{name}-token", f"{name}-header"],
                    "service": name,
                    "priority": 1003,
                },
                name: {
                    "entryPoints": ["web"],
                    "rule": f"Path(`{path}/predictions`) || Path(`{path}/ping`) || Path(`{path}/info`)",
                    "middlewares": [f"{name}-endpoint", f"{name}-header"],
                    "service": name,
                    "priority": 1003,
                },
                f"{name}-probed": {
                    "entryPoints": ["probe"],
                    "rule": f"Path(`{probed}/predictions`) || Path(`{probed}/ping`) || Path(`{probed}/info`)",
                    "middlewares": [f"{name}-public", f"{name}-endpoint", f"{name}-header"],
                    "service": name,
                    "priority": 1003,
                },
            },
            "middlewares": {
                f"{name}-token": {"stripPrefix": {"prefixes": ["/00112233445566778899aabbccddeeff"]}},
                f"{name}-public": {"stripPrefix": {"prefixes": ["/00112233445566778899aabbccddeeff-public"]}},
                f"{name}-endpoint": {"stripPrefix": {"prefixes": [path]}},
                f"{name}-header": {
                    "headers": {
                        "customResponseHeaders": {"X-Bosun-Container": "0a1b2c3d4e5f", "X-Bosun-Generation": "3"}
                    }
                },
            },
            "services": {name: {"loadBalancer": {"servers": [{"url": "http://0a1b2c3d4e5f:8080"}]}}},
        }
    }


def test_in_a_server_of_several_models_the_ping_is_the_servers() -> None:
    name, path = "0123456789abcdef-a", "/models%20of/us/deployments/d-1.x"
    http = json.loads(routes.render(ROUTE._replace(upstream_path="/deployments/bosun-x-3"), "a"))["http"]
    led = {
        own: (router["rule"], router["middlewares"]) for own, router in http["routers"].items() if "probe" not in own
    }
    assert led == {
        name: (
            f"Path(`{path}/predictions`) || Path(`{path}/info`)",
            [f"{name}-endpoint", f"{name}-add", f"{name}-header"],
        ),
        f"{name}-ping": (f"Path(`{path}/ping`)", [f"{name}-endpoint", f"{name}-header"]),
    }
    assert http["middlewares"][f"{name}-add"] == {"addPrefix": {"prefix": "/deployments/bosun-x-3"}}


def test_other_paths_inside_the_container_have_routers_of_their_own() -> None:
    http = json.loads(routes.render(ROUTE._replace(predictions_path="/predict/", health_path="/"), "a"))["http"]
    name, path = "0123456789abcdef-a", "/models%20of/us/deployments/d-1.x"
    led = {
        own: (router["rule"], router["middlewares"]) for own, router in http["routers"].items() if "probe" not in own
    }
    assert led == {
        name: (f"Path(`{path}/info`)", [f"{name}-endpoint", f"{name}-header"]),
        f"{name}-predictions": (f"Path(`{path}/predictions`)", [f"{name}-predictions", f"{name}-header"]),
        f"{name}-ping": (f"Path(`{path}/ping`)", [f"{name}-ping", f"{name}-header"]),
    }
    assert http["middlewares"][f"{name}-predictions"] == {"replacePath": {"path": "/predict/"}}
    assert http["middlewares"][f"{name}-ping"] == {"replacePath": {"path": "/"}}


def test_a_route_that_is_not_public_is_reached_by_its_token_alone() -> None:
    http = json.loads(routes.render(ROUTE._replace(public=False), "b"))["http"]
    assert [router["rule"] for router in http["routers"].values()] == [
        "PathPrefix(`/00112233445566778899aabbccddeeff/`)"
    ]


@pytest.mark.parametrize(
    "change", [{}, {"upstream_path": "/deployments/bosun-x-3"}, {"health_path": "/"}, {"tls": True}]
)
def test_on_the_port_for_probes_every_path_begins_with_the_token(change: dict[str, Any]) -> None:
    http = json.loads(routes.render(ROUTE._replace(**change), "a"))["http"]
    rules = [router["rule"] for router in http["routers"].values() if "probe" in router["entryPoints"]]
    paths = re.findall("`(.*?)`", " ".join(rules))
    assert [path for path in paths if not path.startswith(f"/{ROUTE.token}")] == []
    assert {path.rpartition("/")[2] for path in paths} == {"", *routes.ENDPOINTS}


def test_before_it_is_public_a_route_for_https_is_reached_by_its_token_too() -> None:
    route = ROUTE._replace(public=False)
    assert routes.render(route._replace(tls=True), "b") == routes.render(route, "b")


def test_with_https_the_endpoint_is_there_too() -> None:
    router = json.loads(routes.render(ROUTE._replace(tls=True), "a"))["http"]["routers"]["0123456789abcdef-a-tls"]
    assert (router["entryPoints"], router["tls"]) == (["websecure"], {})


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("upstream", ["", "/deployments/d1-3"])
@pytest.mark.parametrize("prefix", ["", "/a/b"])
@pytest.mark.parametrize("inside", [{}, {"predictions_path": "/invocations", "health_path": "/health/"}])
def test_a_route_reads_back_as_it_was_written(
    public: bool, tls: bool, upstream: str, prefix: str, inside: dict[str, str]
) -> None:
    route = ROUTE._replace(public=public, tls=tls and public, upstream_path=upstream, prefix_path=prefix, **inside)
    assert routes.parse(routes.render(route, "a")) == route


@pytest.mark.parametrize(
    "text", [routes.BLANK, "", "#", "[]", "{", '{"http": {}}', '{"http": {"services": []}}', "null"]
)
def test_what_is_no_route_of_ours_leads_nowhere(text: str) -> None:
    assert routes.parse(text) is None


@pytest.mark.parametrize("bad", ['{{ env "HOME" }}', "a`) || Path(`/", "a/b", "", "a" * 129])
def test_an_id_that_breaks_the_rule_gets_into_no_file(bad: str) -> None:
    with pytest.raises(InvalidRequest, match="is no usable id"):
        routes.render(ROUTE._replace(deployment_id=bad), "a")


@pytest.mark.parametrize(
    "change",
    [
        {"prefix_path": "/{{env}}"},
        {"prefix_path": "/a`b"},
        {"container": "host.example"},
        {"token": "../x"},
        {"key": "x" * 16},
        {"upstream_path": "/a b"},
        {"predictions_path": '/{{ env "HOME" }}'},
        {"health_path": "/a`b"},
    ],
)
def test_no_other_part_holds_what_was_not_made_here(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a route cannot hold"):
        routes.render(ROUTE._replace(**change), "a")


def test_of_two_public_slots_the_later_generation_serves() -> None:
    later = ROUTE._replace(generation=4)
    assert routes.serving({"a": ROUTE, "b": later}) == ("b", later)
    assert routes.serving({"a": ROUTE, "b": later._replace(public=False)}) == ("a", ROUTE)
    assert routes.serving({"a": None, "b": None}) is None


def test_only_slot_files_count() -> None:
    names = ["0123456789abcdef-a.yml", "tls.yml", "0123456789abcdef-c.yml", "0123456789ABCDEF-a.yml"]
    assert [routes.slot_of(name) for name in names] == [("0123456789abcdef", "a"), None, None, None]


@pytest.mark.parametrize("change", [{}, {"tls": True}, {"upstream_path": "/deployments/bosun-x-3"}])
def test_every_route_uses_the_proxys_default_transport_and_so_its_limit_for_idle_connections(change: Any) -> None:
    services = json.loads(routes.render(ROUTE._replace(**change), "a"))["http"]["services"]
    assert [sorted(service["loadBalancer"]) for service in services.values()] == [["servers"]]
