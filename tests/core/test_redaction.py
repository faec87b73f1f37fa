"""A secret is masked in each form that a text can hold it in; so is what looks like a credential that nobody knows."""

from __future__ import annotations

import base64
import json
import urllib.parse
from typing import TYPE_CHECKING

import msgspec
import pytest
from bosun_core.credentials import basic_authorization, header_credential
from bosun_core.errors import ConfigurationError, one_line
from bosun_core.redaction import SECRETS, Secrets
from bosun_core.settings import Settings, load
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.conftest import Bench

SECRET = "pl'an\"ted\\se cret/ö+%\nand=a;line"
ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "on one line": one_line,
    "repr": repr,
    "repr within double quotes": lambda text: repr(f'"{text}'),
    "repr of a repr": lambda text: repr(repr(text)),
    "ascii": ascii,
    "repr of its bytes": lambda text: repr(text.encode()),
    "repr of a header": lambda text: repr(b"Bearer " + text.encode()),
    "JSON": json.dumps,
    "JSON with letters of all scripts": lambda text: json.dumps(text, ensure_ascii=False),
    "a path": urllib.parse.quote,
    "a part of a path": lambda text: urllib.parse.quote(text, safe=""),
    "a form": urllib.parse.quote_plus,
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "a basic authorization": lambda text: base64.b64encode(f"u:{text}".encode()).decode(),
    "a basic authorization of another user": lambda text: base64.b64encode(f"us:{text}".encode()).decode(),
    "a Docker configuration": lambda text: base64.b64encode(json.dumps({"password": text}).encode()).decode(),
    "Base64 of URLs": lambda text: base64.urlsafe_b64encode(f"use:{text}".encode()).decode(),
}
ENDS = ("", "\n", " \r\n", "\t")
SECRETS_OF_ALL_KINDS = (
    st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).map(str.strip).filter(lambda text: len(text) >= 8)
)


def windows(text: str) -> set[str]:
    return {text[at : at + 8] for at in range(len(text) - 7)}


def knowing(*values: str) -> Secrets:
    made = Secrets()
    made.learn_values(*values)
    return made


def left_of(encoded: str, told: str) -> set[str]:
    """Return what a masked text shows of an encoded secret: windows of 8 characters.

    The first and last of Base64 are not looked at: they hold bits of what stands beside the secret.
    """
    return windows(encoded) & windows(told)


@pytest.mark.parametrize("end", ENDS, ids=repr)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_is_masked_in_each_encoding_with_and_without_space_at_its_end(encoding: str, end: str) -> None:
    told = knowing(SECRET).mask(f"so it says: {ENCODINGS[encoding](SECRET + end)}, and ends")

    assert "***" in told
    assert not windows(told) & windows(ENCODINGS[encoding](SECRET)[16:-16])


@given(SECRETS_OF_ALL_KINDS, st.sampled_from(list(ENCODINGS)), st.sampled_from(ENDS))
def test_no_window_of_any_secret_is_left(secret: str, encoding: str, end: str) -> None:
    told = knowing(secret).mask(f"<{ENCODINGS[encoding](secret + end)}>")

    assert not windows(told) & windows(secret)
    encoded = ENCODINGS[encoding](secret)
    if len(one_line(secret)) >= 8 and "=" not in encoded[-2:]:
        assert encoded not in told


@given(st.text(min_size=8).filter(lambda text: len(text.strip()) >= 8))
def test_masking_again_changes_nothing(secret: str) -> None:
    made = knowing(secret)
    told = made.mask(f"it is {secret}.")

    assert made.mask(told) == told


def test_each_line_of_a_secret_is_masked() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg/kqhkiG+9w0\nshort\nBAQEFAASCBKcwggSjAgE\n-----END PRIVATE"

    assert knowing(key).mask("line 2 is MIIEvQIBADANBg/kqhkiG+9w0, line 4 BAQEFAASCBKcwggSjAgE") == (
        "line 2 is ***, line 4 ***"
    )


UNKNOWN = {
    "ValueError: Invalid header value b'Bearer eyJhbG.ci\\n' (client.py:1272)": "ValueError: Invalid header value *** "
    "(client.py:1272)",
    "Invalid header value b'a-key\\' of\\n', and so on": "Invalid header value ***, and so on",
    "Invalid return character(s) in header value: 'two words\\n'": "Invalid return character(s) in header value: ***",
    "Error('Invalid header value b\\'Bearer eyJhbG\\\\n\\'')": "Error('Invalid header value ***",
    "sent Authorization: Bearer planted-three to h": "sent Authorization: Bearer *** to h",
    "{'authorization': 'Bearer planted three', 'a': 1}": "{'authorization': 'Bearer ***', 'a': 1}",
    "{'Authorization': 'Token abcd1234'}": "{'Authorization': 'Token ***'}",
    "curl -H 'Authorization: Basic YTpiYzpk' h": "curl -H 'Authorization: Basic ***' h",
    "Proxy-Authorization: Basic YTpi": "Proxy-Authorization: Basic ***",
    "bearer%20abc.def-1": "bearer%20***",
    "postgres://user:planted-four@db/x": "postgres://user:***@db/x",
    "no proxy at http://me:p@ss:w@proxy:3128, or redis://:pw@h": "no proxy at http://me:***@proxy:3128, or redis://:***@h",
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_looks_like_a_credential_is_masked_though_nobody_knows_it(text: str) -> None:
    assert Secrets().mask(text) == UNKNOWN[text]


@pytest.mark.parametrize(
    "text",
    [
        "the registry wants basic authentication",
        "Basic auth is off; send bearer tokens, or none",
        'it asks for Bearer realm="https://auth.example.com/token",service="r"',
        "ssh://user@192.0.2.7 and http://[::1]:8080/a@b and registry:5000/name@sha256:0123",
        "authorization: none",
        "authorization.k8s.io is not served",
    ],
)
def test_words_of_a_sentence_are_left(text: str) -> None:
    assert Secrets().mask(text) == text


def test_a_credential_is_trimmed_and_masked_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert header_credential(" planted-token\n", "the file t") == "planted-token"
    assert SECRETS.mask(repr("planted-token\n")) == "'***\\n'"


@pytest.mark.parametrize(
    "value", ["plan\nted-token", "plan\x00ted-token", "pläntéd-token", "пароль-пароль", "a\rb", ""]
)
def test_a_credential_that_no_header_can_carry_is_refused_by_its_place(value: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        header_credential(value, "the file t")

    problem = (
        "cannot be sent in an HTTP header: it contains a line break, a control character or a character outside ASCII"
    )
    assert str(raised.value) == f"the file t {problem if value else 'is empty'}; set it again"


def test_a_basic_authorization_is_in_utf8_and_masked() -> None:
    assert basic_authorization("u", "pässword-ł") == f"Basic {base64.b64encode('u:pässword-ł'.encode()).decode()}"
    assert SECRETS.mask("it is pässword-ł") == "it is ***"


UNKNOWN_HEADER = b"Bearer planted-by-nobody\n".hex()
RAISED = {
    "repr": "raise RuntimeError(f'cannot log in with {self.plugin_config!r}')",
    "a header": "import http.client\n        "
    "http.client.HTTPConnection('h').putheader('x', self.plugin_config['apiToken'])",
    "JSON": "import json\n        raise RuntimeError(json.dumps(dict(self.plugin_config)))",
    "another error": "raise RuntimeError(repr(ValueError(repr(self.plugin_config['apiToken']))))",
    "none of ours": f"raise RuntimeError('cannot send ' + repr(bytes.fromhex('{UNKNOWN_HEADER}')))",
    "no exception": "raise KeyboardInterrupt(repr(self.plugin_config['apiToken']))",
}


@pytest.mark.parametrize("raised", RAISED)
def test_what_a_plugin_raises_shows_no_secret_anywhere(bench: Bench, tmp_path: Path, raised: str) -> None:
    plugin = bench.plugin(f"def plugin_start(self):\n        {RAISED[raised]}")
    (tmp_path / "action.yaml").write_text(json.dumps({"pluginConfig": {"apiToken": 'planted\n"tokén"-of\\a-test\n'}}))
    arguments = ["--config", "action.yaml", "--action", "plugin_start", "--plugin", plugin]
    files = ["--status-file", "status.yaml", "--events", "events", "--logfile", "log", "--log-level", "debug"]

    run = bench.command(*arguments, *files)

    written = {name: (tmp_path / name).read_text() for name in ("status.yaml", "events", "log")}
    for name, text in {**written, "stderr": run.stderr, "stdout": run.stdout}.items():
        assert not [part for part in ("planted", "tok", "of\\", "a-test", "by-nobody") if part in text], (name, text)
    assert f"plugin {plugin} failed in plugin_start: " in written["status.yaml"].replace("\n  ", " ")


def test_what_a_private_configuration_holds_is_masked_as_soon_as_it_is_read(tmp_path: Path) -> None:
    class Model(Settings, kw_only=True, frozen=True):
        api_token: str = msgspec.field(default="", name="apiToken")

    (tmp_path / "private.yaml").write_text("apiToken: planted-private")
    load(Model, str(tmp_path / "private.yaml"))

    assert SECRETS.mask("it is planted-private") == "it is ***"


def test_a_password_in_a_variable_with_a_url_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:pl%40nted-password@proxy:3128")
    SECRETS.learn_environment()

    assert SECRETS.mask("pl%40nted-password and pl@nted-password") == "*** and ***"


def test_a_log_line_that_cannot_be_formatted_shows_no_secret(bench: Bench) -> None:
    wrong = "import logging\n        logging.getLogger('p').error('%d', self.plugin_config['apiToken'])"
    plugin = bench.plugin(f"def plugin_start(self):\n        {wrong}\n        return ok('fine')")
    (bench.folder / "action.yaml").write_text(json.dumps({"pluginConfig": {"apiToken": "planted-token-1"}}))

    run = bench.command(
        "--config", "action.yaml", "--action", "plugin_start", "--plugin", plugin, "--log-level", "debug"
    )

    assert "--- Logging error ---" in run.stderr
    assert "Arguments: ('***',)" in run.stderr
    assert "planted" not in run.stderr
