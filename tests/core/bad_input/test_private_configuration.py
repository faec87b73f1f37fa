"""A private configuration that cannot be used: told in one line, with file, line and key; nothing is changed.

The action is a stop, which would remove the deployment if a default took the place of what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

FILE = "{tmp}/private.yaml"
SOURCE = f"the private configuration {FILE}"
KEYS = (
    "environmentId, baseDir, deploymentDirPrefix, deploymentInfoFile, deploymentPredictionBaseUrl, "
    "deploymentKVFile, lockLimit"
)
SHOW = "--gen-config shows how it is written"
NO_MAPPING = "holds no mapping; it is made of `key: value` lines"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)
TOO_MANY = "holds more than 1,000,000 values; is it the right file?"
TOO_DEEP = "is nested deeper than 100 levels; flatten it"
FILE_NAME = "is no name for a file in a deployment's folder; write say config.yml"
PREFIX = "cannot begin a folder's name; write at most 127 bytes without a slash, a control character, or a dot first"
LONG = "p" * 37

# What is in the file, and the line.
CONTENTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", f"{SOURCE} is empty; --gen-config shows what belongs into it"),
    "white space": (" \n\n", f"{SOURCE} is empty; --gen-config shows what belongs into it"),
    "a program": (b"\x7fELF\x02\x01\x01\xff", f"{SOURCE} is no UTF-8 text (byte 7); is it the right file?"),
    "utf-16": (
        "baseDir: x".encode("utf-16-le"),
        f"{SOURCE}:1 is no YAML: control characters are not allowed; mend it there",
    ),
    "latin-1": ("# é\nbaseDir: x".encode("latin-1"), f"{SOURCE} is no UTF-8 text (byte 2); is it the right file?"),
    "a NUL byte": (
        b"# one\nbaseDir: a\x00b",
        f"{SOURCE}:2 is no YAML: control characters are not allowed; mend it there",
    ),
    "a list": ("- baseDir\n", f"{SOURCE} {NO_MAPPING}"),
    "a text": ("baseDir {tmp}/base\n", f"{SOURCE} {NO_MAPPING}"),
    "a null": ("~\n", f"{SOURCE} {NO_MAPPING}"),
    "50,000 brackets": ("baseDir: " + "[" * 50_000, f"{SOURCE} {TOO_DEEP}"),
    "101 mappings": ("\n".join(f"{' ' * depth}a:" for depth in range(102)), f"{SOURCE} {TOO_DEEP}"),
    "a bomb of aliases": (BOMB, f"{SOURCE} {TOO_MANY}"),
    "a bomb of merges": (
        BOMB.replace("[x, x, x, x, x, x, x, x, x, x]", "{x: y}").replace("[", "{<<: [").replace("]", "]}"),
        f"{SOURCE} {TOO_MANY}",
    ),
    "a million values": ("a: [" + "1," * 1_000_000 + "1]", f"{SOURCE} {TOO_MANY}"),
    "an alias within itself": (
        "baseDir: &a [*a]\n",
        f"{SOURCE}: *a stands inside what it names, or nowhere; write it out",
    ),
    "an alias of nothing": ("baseDir: *a\n", f"{SOURCE}: *a stands inside what it names, or nowhere; write it out"),
    "a merge of a number": (
        "<<: 5\n",
        f"{SOURCE}:1 is no YAML: expected a mapping or list of mappings for merging, but found scalar; mend it there",
    ),
    "an open bracket": (
        "baseDir: [a\n",
        f"{SOURCE}:1 is no YAML: did not find expected ',' or ']'; mend it there",
    ),
    "an open quote": ('baseDir: "a\n', f"{SOURCE}:1 is no YAML: found unexpected end of stream; mend it there"),
    "a tab": ("baseDir:\n\tx: y\n", f"{SOURCE}:2 is no YAML: a tab stands where only spaces may; mend it there"),
    "two documents": (
        "baseDir: {tmp}/base\n---\nbaseDir: x\n",
        f"{SOURCE}:2 is no YAML: a second document begins (---), and only one is read; mend it there",
    ),
    "a Python object": (
        "baseDir: !!python/object/apply:os.system [ls]\n",
        f"{SOURCE}:1 has the tag !!python/object/apply:os.system, which is not known here; remove it",
    ),
    "a key twice": ("baseDir: a\nbaseDir: b\n", f"{SOURCE}:2 has the key baseDir twice; keep one"),
    "a key that is a list": ("[a, b]: c\n", f"{SOURCE}:1 has a key that is a collection; write a text"),
    "no such date": ("baseDir: 2024-13-45\n", f"{SOURCE}:1 holds 2024-13-45, which is no date; quote it"),
    "no such time": ("baseDir: !!timestamp noon\n", f"{SOURCE}:1 holds noon, which is no date; quote it"),
    "no boolean": ("baseDir: !!bool maybe\n", f"{SOURCE}:1 holds maybe, which is no boolean; quote it"),
    "no number": ("baseDir: !!int many\n", f"{SOURCE}:1 holds many, which is no whole number; quote it"),
    "no digits": ("baseDir: !!int ''\n", f"{SOURCE}:1 holds nothing, which is no whole number; quote it"),
    "no base64": ("baseDir: !!binary é\n", f"{SOURCE}:1 holds é, which is no base64; quote it"),
    "5,000 digits": (
        f"baseDir: {'9' * 5_000}\n",
        f"{SOURCE}:1 holds {'9' * 37}..., which is no whole number; quote it",
    ),
    "a megabyte in base 60": (
        f"baseDir: 1{':1' * 500_000}\n",
        f"{SOURCE}:1 holds 1{':1' * 18}..., which is no whole number; quote it",
    ),
    "another case": ("basedir: x\n", f"{FILE}:1: unknown key basedir; did you mean baseDir?"),
    "another style": ("base_dir: x\n", f"{FILE}:1: unknown key base_dir; did you mean baseDir?"),
    "a word left out": (
        "# one\ndeploymentPrefix: x\n",
        f"{FILE}:2: unknown key deploymentPrefix; did you mean deploymentDirPrefix?",
    ),
    "nothing near": ("zzz: 1\n", f"{FILE}:1: unknown key zzz; the keys are {KEYS}"),
    "an empty key": ('"": 1\n', f"{FILE}:1: unknown key ''; the keys are {KEYS}"),
    "a key with a line break": ('"a\\nb": 1\n', f"{FILE}:1: unknown key 'a\\nb'; the keys are {KEYS}"),
    "a number for a text": ("baseDir: 5\n", f"{FILE}:1: baseDir must be a text, not a whole number; quote it"),
    "a fraction for a text": (
        "baseDir: 1.5\n",
        f"{FILE}:1: baseDir must be a text, not a number with decimals; quote it",
    ),
    "a boolean for a text": ("baseDir: yes\n", f"{FILE}:1: baseDir must be a text, not a boolean; quote it"),
    "a date for a text": ("baseDir: 2024-01-01\n", f"{FILE}:1: baseDir must be a text, not a date; quote it"),
    "a time for a text": (
        "baseDir: 2024-01-01T12:00:00Z\n",
        f"{FILE}:1: baseDir must be a text, not a date and time; quote it",
    ),
    "a list for a text": ("baseDir: [a]\n", f"{FILE}:1: baseDir must be a text, not a list; {SHOW}"),
    "a mapping for a text": ("baseDir: {a: b}\n", f"{FILE}:1: baseDir must be a text, not a mapping; {SHOW}"),
    "a set for a text": ("baseDir: !!set {a}\n", f"{FILE}:1: baseDir must be a text, not a set; {SHOW}"),
    "bytes for a text": (
        "baseDir: !!binary aGVsbG8=\n",
        f"{FILE}:1: baseDir must be a text, not binary data; {SHOW}",
    ),
    "a list for an id": ("environmentId: [a]\n", f"{FILE}:1: environmentId must be a text, not a list; {SHOW}"),
    "a text for a number": (
        "baseDir: {tmp}/base\nlockLimit: soon\n",
        f"{FILE}:2: lockLimit must be a number, not a text; {SHOW}",
    ),
    "zero seconds": ("lockLimit: 0\n", f"{FILE}:1: lockLimit must be a number > 0; {SHOW}"),
    "no number of seconds": ("lockLimit: .nan\n", f"{FILE}:1: lockLimit must be a number > 0; {SHOW}"),
    "endless seconds": ("lockLimit: .inf\n", f"{FILE}:1: lockLimit must be a number < 1000000000; {SHOW}"),
    "a number that no float holds": (
        f"lockLimit: {'9' * 400}\n",
        f"{FILE}:1: lockLimit: number out of range; {SHOW}",
    ),
    "a prefix with a slash": ("deploymentDirPrefix: a/b\n", f"{FILE}:1: deploymentDirPrefix 'a/b' {PREFIX}"),
    "a hidden prefix": ("deploymentDirPrefix: .a\n", f"{FILE}:1: deploymentDirPrefix '.a' {PREFIX}"),
    "a prefix of two lines": ('deploymentDirPrefix: "a\\nb"\n', f"{FILE}:1: deploymentDirPrefix 'a\\nb' {PREFIX}"),
    "a long prefix": (
        f"deploymentDirPrefix: {'p' * 128}\n",
        f"{FILE}:1: deploymentDirPrefix '{LONG}'... (128 characters) {PREFIX}",
    ),
    "a file elsewhere": ("deploymentInfoFile: ../x\n", f"{FILE}:1: deploymentInfoFile '../x' {FILE_NAME}"),
    "a file without a name": ('deploymentInfoFile: ""\n', f"{FILE}:1: deploymentInfoFile '' {FILE_NAME}"),
    "a file with a NUL byte": ('deploymentKVFile: "a\\0b"\n', f"{FILE}:1: deploymentKVFile 'a\\x00b' {FILE_NAME}"),
    "a file with a long name": (
        f"deploymentKVFile: {'p' * 256}\n",
        f"{FILE}:1: deploymentKVFile '{LONG}'... (256 characters) {FILE_NAME}",
    ),
    "Bosun's own file": ("deploymentKVFile: .bosun.json\n", f"{FILE}:1: deploymentKVFile '.bosun.json' {FILE_NAME}"),
    "no URL": (
        "deploymentPredictionBaseUrl: localhost:8080\n",
        f"{FILE}:1: deploymentPredictionBaseUrl 'localhost:8080' is no URL; it begins with http:// or https://",
    ),
    "no folder": ("baseDir: {tmp}/none\n", "baseDir {tmp}/none does not exist; run: mkdir -p {tmp}/none"),
    "a file for a folder": (
        "baseDir: {tmp}/package\n",
        "baseDir {tmp}/package is no folder; name the folder that holds the deployments",
    ),
    "an empty path": (
        'baseDir: ""\n',
        f"{FILE}:1: baseDir '' is no folder's path; write . for the working directory",
    ),
    "a path with a NUL byte": (
        'baseDir: "a\\0b"\n',
        f"{FILE}:1: baseDir 'a\\x00b' is no folder's path; write . for the working directory",
    ),
    "a long path": (
        f"baseDir: /{'x' * 300}\n",
        f"cannot look at /{'x' * 300}: too long for the filesystem; "
        "shorten baseDir, deploymentDirPrefix or the package's name",
    ),
}


@pytest.mark.parametrize(("content", "line"), CONTENTS.values(), ids=CONTENTS)
def test_a_private_configuration_that_cannot_be_used_is_refused(stage: Stage, content: str | bytes, line: str) -> None:
    stage.put("private.yaml", content)
    config = stage.put("action.yaml", "deploymentInfo: {id: d0}")
    stage.refused(*stage.command("deployment_stop", "--config", config), line=line, state="errored")
