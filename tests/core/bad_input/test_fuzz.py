"""Whatever stands in the two files: a status that can be written and read, an exit code from 0 to 3, no traceback."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from bosun_core.actions import ACTIONS
from bosun_core.errors import UsageError
from bosun_core.options import Options, read_options
from bosun_core.runner import ActionRequest, run_action
from bosun_core.yaml_writing import as_yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

KEYS = ["data", "duration", "msg", "state", "status", "timestamp"]
CODES = {"passing": 0, "failing": 1, "warning": 2, "unknown": 3}
MANY = 20 if "BOSUN_THOROUGH" in os.environ else 1


def examples(number: int) -> settings:
    # The stage is one for all examples: what one leaves there is more of what another may meet.
    return settings(
        max_examples=number * MANY, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )


# Files

ODD = ["0777", "1e5", ".nan", "-.inf", "2024-13-45", "12:30:45", "~", "null", "no", "=", "<<", "0x", "0b_", "é", "\0"]
MARKS = ["a: ", "- ", "? ", ": ", "[", "]", "{", "}", ", ", "\n", "  ", "\t", "'", '"', "|", ">", "&a ", "*a", "# "]
TAGS = ["!!int ", "!!bool ", "!!timestamp ", "!!binary ", "!!set ", "!!omap ", "!!str ", "!x ", "!!python/none "]
STREAM = ["---\n", "...\n", "%YAML 1.1\n", "\ufeff", "\x85", "\u2028", "\r"]
WORDS = ["deploymentInfo: ", "peInfo: ", "pluginConfig: ", "deployments: ", "id: ", "modelId: ", "baseDir: ", "<<: "]
soups = st.lists(st.sampled_from([*ODD, *MARKS, *TAGS, *STREAM, *WORDS]), max_size=30).map("".join)
lines = st.tuples(st.sampled_from([*WORDS, "lockLimit: "]), st.sampled_from(["", *TAGS]), st.sampled_from(ODD))
line_by_line = st.lists(lines.map("".join), max_size=3).map("\n".join)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
ids = st.sampled_from(["d0", "d1", "con", "0777", "null", "../x", "", "x" * 129]) | values
artifacts = st.sampled_from(["{tmp}/package", "{tmp}/base", "{tmp}/none", "/dev/null"]) | values


def sometimes(keys: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


whole_deployments = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["d0", "d1", "con", "0777"]),
        "modelId": st.sampled_from(["m0", "m1"]),
        "newModelId": st.sampled_from(["m0", "m1"]),
        "modelArtifact": st.just("{tmp}/package"),
    },
    optional={"name": values, "keyValueConfig": st.dictionaries(st.text(max_size=8), values, max_size=3)},
)
deployments = whole_deployments | sometimes(
    {
        "id": ids,
        "name": values,
        "modelId": ids,
        "newModelId": ids,
        "modelArtifact": artifacts,
        "modelFormat": values,
        "keyValueConfig": values,
    }
)
action_documents = sometimes(
    {
        "pluginConfig": st.just({}) | st.dictionaries(st.text(max_size=8), values, max_size=3) | values,
        "peInfo": st.none() | sometimes({"deployments": st.lists(ids | deployments, max_size=4) | values}) | values,
        "deploymentInfo": deployments | deployments | values,
    }
)
private_documents = sometimes(
    {
        "environmentId": values,
        "baseDir": st.just("{tmp}/base") | scalars.filter(lambda value: not isinstance(value, str)),
        "deploymentDirPrefix": st.just("deployment_") | values,
        "deploymentInfoFile": values,
        "deploymentPredictionBaseUrl": st.just("http://localhost/") | values,
        "deploymentKVFile": st.just("config.yml") | values,
        "lockLimit": st.just(1) | values,
    }
)


def files(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Return contents of a file: likely documents, YAML of any kind, near-YAML, texts, bytes."""
    dumped = (documents | documents | documents | values).map(lambda value: yaml.safe_dump(value, allow_unicode=True))
    return (dumped | dumped | line_by_line | soups | st.text()).map(str.encode) | st.binary()


# What holds


def check_answer(document: dict[str, Any]) -> None:
    """Check that a status is whole, can be written and read again, and blames no bug."""
    assert list(document) == KEYS
    assert document["status"] in CODES
    assert "bug of the plugin" not in (document["msg"] or "")
    assert document["msg"] is None or document["msg"].isprintable()
    read_again = yaml.safe_load(as_yaml(document))
    assert json.dumps(read_again, sort_keys=True) == json.dumps(document, sort_keys=True)


@pytest.fixture
def here(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Have the working directory on the stage, where a configuration without a baseDir acts; write key-values too."""
    stage.put("private.yaml", "baseDir: {tmp}/base\ndeploymentKVFile: kv.yaml\n")
    (stage.folder / "here").mkdir()
    monkeypatch.chdir(stage.folder / "here")
    return stage


@pytest.mark.parametrize("action", ACTIONS)
@examples(60)
@given(content=files(action_documents))
def test_any_action_file_has_an_answer(here: Stage, action: str, content: bytes) -> None:
    config = here.put("action.yaml", content.replace(b"{tmp}", os.fsencode(here.folder)))
    private = str(here.folder / "private.yaml")
    check_answer(run_action(ActionRequest("fs", action, config, private)))


@pytest.mark.parametrize("action", ACTIONS)
@examples(40)
@given(content=files(private_documents))
def test_any_private_configuration_has_an_answer(here: Stage, action: str, content: bytes) -> None:
    info = "{id: d1, modelId: m1, newModelId: m2, modelArtifact: {tmp}/package}"
    config = here.put("action.yaml", f"deploymentInfo: {info}")
    private = here.put("private.yaml", content.replace(b"{tmp}", os.fsencode(here.folder)))
    check_answer(run_action(ActionRequest("fs", action, config, private)))


@examples(40)
@given(action=st.sampled_from(list(ACTIONS)), config=files(action_documents), private=files(private_documents))
def test_a_process_that_reads_any_two_files_ends_with_a_status(
    here: Stage, action: str, config: bytes, private: bytes
) -> None:
    tmp = os.fsencode(here.folder)
    paths = [here.put(name, text.replace(b"{tmp}", tmp)) for name, text in (("a", config), ("p", private))]
    run = here.run("--plugin", "fs", "--action", action, "--config", paths[0], "--private-config", paths[1])
    document = yaml.safe_load(run.stdout)
    check_answer(document)
    assert run.code == CODES[document["status"]]
    line = f"bosun-plugin-runner: {document['msg']}\n" if document["status"] == "failing" else ""
    assert run.stderr == line


FLAGS = ["--plugin", "--action", "--status-file", "--timeout", "--json", "--output", "--log-level", "--schema", "--x"]
words = st.sampled_from([*FLAGS, "fs", "pe_status", "1", "-1", "", "--", "-", "=", "--plugin=", "--json=1"]) | st.text()


@examples(200)
@given(arguments=st.lists(words, max_size=8))
def test_any_command_line_is_read_or_refused_in_one_line(arguments: list[str]) -> None:
    try:
        outcome: Options | str = read_options([word for word in arguments if word not in ("-h", "--help")])
    except UsageError as error:
        outcome = str(error)
    if isinstance(outcome, str):
        assert outcome
        assert outcome.isprintable()
    else:
        assert outcome.timeout is None or math.isfinite(outcome.timeout)
