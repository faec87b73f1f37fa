"""What is written as YAML is what PyYAML writes, and reads back as what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from bosun_core.yaml_writing import as_yaml
from hypothesis import given
from hypothesis import strategies as st

LONGEST_KEY = 10  # escaped it is ten times as long, and YAML has another form for keys of more than 120
LINE_BREAKS = "\n\r\x85\u2028\u2029"

likely = st.text("ab:# -./0e'\"?&*!|>%@`{}[],=~<_ \tyYnNoOétruefals\U0001f600", max_size=20)
one_line = (likely | st.text(max_size=30)).filter(lambda text: not any(one in text for one in LINE_BREAKS))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)


def documents(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Plain data with these texts, mappings outermost."""
    encodable = texts.filter(lambda text: text.isprintable() or text.encode("utf-8", "ignore").decode() == text)
    names = encodable.map(lambda text: text[:LONGEST_KEY])
    values = st.recursive(
        scalars | encodable,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=20,
    )
    return st.dictionaries(names, values, max_size=5)


@given(documents(one_line))
def test_it_is_what_pyyaml_writes(document: dict[str, Any]) -> None:
    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    expected = yaml.dump(document, Dumper=Dumper, allow_unicode=True, default_flow_style=False, width=2**30)

    assert as_yaml(document) == expected


@given(documents(st.text(max_size=30) | likely))
def test_it_reads_back_as_what_it_was(document: dict[str, Any]) -> None:
    read_again = yaml.safe_load(as_yaml(document))

    assert json.dumps(read_again, sort_keys=True) == json.dumps(document, sort_keys=True)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "{}\n"),
        ({"a": {}, "b": [], "c": [[], {}]}, "a: {}\nb: []\nc:\n- []\n- {}\n"),
        ({"id": "0777", "on": "no", "n": "12:30:45"}, "id: '0777'\nn: '12:30:45'\n'on': 'no'\n"),
        ({"msg": "two\nlines"}, 'msg: "two\\nlines"\n'),
        ({"list": [[1, "a"], {"b": 1.5, "c": None}]}, "list:\n- - 1\n  - a\n- b: 1.5\n  c: null\n"),
        ({"long": "word " * 500 + "end"}, f"long: {'word ' * 500}end\n"),
        ({"k" * 130: {"a": 1}}, f"? {'k' * 130}\n:\n  a: 1\n"),
    ],
)
def test_documents_and_their_texts(document: dict[str, Any], expected: str) -> None:
    assert as_yaml(document) == expected
    assert yaml.safe_load(expected) == document
