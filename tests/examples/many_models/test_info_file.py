"""The info file, read with PyYAML and without."""

import contextlib
import sys
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prediction_server.info_file import InfoFileError, read_ids

IDS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True)


@contextlib.contextmanager
def no_yaml() -> Iterator[None]:
    """PyYAML, as if it were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "yaml", None)
        yield


def both_ways(text: str) -> list[tuple[str, str]]:
    with no_yaml():
        without = read_ids(text.encode())
    return [read_ids(text.encode()), without]


@given(IDS, IDS, st.text())
def test_ids_come_back_as_they_were_dumped(deployment_id: str, model_id: str, other: str) -> None:
    values = {"deployment_id": deployment_id, "model_id": model_id, "z": [other, {"a": "b"}]}
    text = yaml.safe_dump(values)
    assert both_ways(text) == [(deployment_id, model_id)] * 2


@pytest.mark.parametrize("written", ["0777", "1e5", "no", "12:30:45", "0x2345", "1_000", "2026-01-01"])
def test_an_id_that_yaml_would_take_for_something_else_is_text(written: str) -> None:
    assert both_ways(f"deployment_id: {written}\nmodel_id: {written}  # so\n") == [(written, written)] * 2


@pytest.mark.parametrize(
    "text",
    [
        "# comment\n---\nmodel_id: 'm''1'\ndeployment_id: \"d\\t1\" # comment\n",
        "\ufeffdeployment_id: d\t1\nmodel_id: m'1\n".replace("d\t1", '"d\\t1"'),
        'nested:\n  model_id: other\n  list:\n  - 1\nlist:\n- a\n- b\nmodel_id: m\'1\ndeployment_id: "d\\t1"\n',
    ],
)
def test_both_readers_read_the_same(text: str) -> None:
    assert both_ways(text) == [("d\t1", "m'1")] * 2


@pytest.mark.parametrize(
    "text",
    ["", "- a\n", "deployment_id: d\n", "deployment_id: d\nmodel_id:\n  a: b\n", "deployment_id: d\nmodel_id: [m]\n"],
)
def test_an_info_file_without_both_ids_is_refused_both_ways(text: str) -> None:
    with pytest.raises(InfoFileError):
        read_ids(text.encode())
    with no_yaml(), pytest.raises(InfoFileError):
        read_ids(text.encode())
