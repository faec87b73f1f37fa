"""Names on the engine: always valid, never the same for two."""

import itertools
import re

import pytest

from bosun_docker import names

IDS = ["a", "b", "A", "a_b", "a-b", "c", "b_c", "_", "0777", "a" * 128, "a" * 127 + "b", "x.y", "a..b"]


def test_a_short_pair_of_ids_is_written_out() -> None:
    assert names.container_name("mlops_", "deployment-1", "model-A") == "mlops_deployment_deployment-1_model-A"


def test_no_two_pairs_of_ids_share_a_container_name() -> None:
    made = [names.container_name("mlops_", *pair) for pair in itertools.product(IDS, repeat=2)]
    assert len(set(made)) == len(IDS) ** 2
    assert [name for name in made if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}", name)] == []


def test_image_references_are_valid_and_do_not_collide() -> None:
    made = {f"{names.image_repository('Mlops_', name)}:{names.image_tag('m')}" for name in IDS}
    assert len(made) == len(IDS)
    component = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
    assert [one for one in made if not re.fullmatch(rf"{component}:[\w][\w.-]{{0,127}}", one)] == []


@pytest.mark.parametrize("model", IDS)
def test_a_tag_fits_where_tags_go(model: str) -> None:
    assert re.fullmatch(r"m-[\w.-]{1,126}", names.image_tag(model))


def test_keys_keep_environments_and_deployments_apart() -> None:
    assert len({names.key("a", "bc"), names.key("ab", "c"), names.key("", "abc")}) == 3
