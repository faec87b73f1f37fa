"""Names in a cluster: always valid, never the same for two."""

import re

from bosun_core.names import ID_RULE
from hypothesis import given
from hypothesis import strategies as st

from bosun_k8s import names

IDS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True)
ENVIRONMENTS = st.one_of(IDS, st.text(min_size=1, max_size=60))
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@given(ENVIRONMENTS, IDS, st.integers(0, 99_999))
def test_names_are_valid_where_they_are_used(environment: str, deployment: str, generation: int) -> None:
    assert DNS_LABEL.fullmatch(names.object_name(environment, deployment))
    assert DNS_LABEL.fullmatch(names.generation_name(environment, deployment, generation))
    assert len(names.generation_name(environment, deployment, generation)) + len("-xxxxxxxxxx-xxxxx") <= 67
    labels = names.deployment_labels(environment, deployment)
    assert [value for value in labels.values() if not LABEL.fullmatch(value)] == []
    assert TAG.fullmatch(names.image_tag(deployment)), ID_RULE


@given(ENVIRONMENTS, IDS, ENVIRONMENTS, IDS)
def test_two_deployments_share_no_name_and_no_labels(one_env: str, one: str, other_env: str, other: str) -> None:
    same = (one_env, one) == (other_env, other)
    assert (names.object_name(one_env, one) == names.object_name(other_env, other)) == same
    assert (names.deployment_labels(one_env, one) == names.deployment_labels(other_env, other)) == same


@given(IDS, IDS)
def test_two_ids_share_no_label(one: str, other: str) -> None:
    assert (names.label_value(one) == names.label_value(other)) == (one == other)
    assert (names.label_value(names.label_value(one)) == names.label_value(one)) == (names.label_value(one) == one)


def test_a_plain_id_is_its_own_label_and_is_read_in_the_name() -> None:
    assert names.label_value("deployment-1") == "deployment-1"
    assert names.object_name("production", "deployment-1") == "bosun-deployment-1-55b9f3c21b75"


def test_ids_that_differ_in_case_only_are_kept_apart() -> None:
    assert names.object_name("e", "D1") != names.object_name("e", "d1")
