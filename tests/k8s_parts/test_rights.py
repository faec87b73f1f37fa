"""What deploy/ grants is what the actions need, and nothing else."""

from pathlib import Path

import pytest
import yaml
from bosun_k8s.rights import ALWAYS, KANIKO, Right

DEPLOY = Path(__file__).parents[2] / "bosun_k8s" / "deploy"


def rules_of(text: str) -> list[Right]:
    (role,) = (document for document in yaml.safe_load_all(text) if document["kind"] == "Role")
    return sorted(
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


@pytest.mark.parametrize(("name", "needed"), [("role.yaml", ALWAYS), ("role-kaniko.yaml", KANIKO)])
def test_a_role_grants_what_the_actions_need(name: str, needed: tuple[Right, ...]) -> None:
    assert rules_of((DEPLOY / name).read_text()) == sorted(needed)


def test_the_chart_grants_the_same() -> None:
    text = (DEPLOY / "chart" / "templates" / "rights.yaml").read_text()
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("{{-"))
    roles = [part for part in plain.replace("{{", "").replace("}}", "").split("---") if "\nkind: Role\n" in part]
    assert [rules_of(role) for role in roles] == [sorted(ALWAYS), sorted(KANIKO)]
