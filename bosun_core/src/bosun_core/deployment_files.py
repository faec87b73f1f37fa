"""The small files that stand beside a package: which deployment and model it is, and the key-values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bosun_core.yaml_writing import as_yaml


def small_files(
    info_file: str, key_value_file: str | None, deployment_id: str, model_id: str, key_values: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return the info file and, where it has a name, the key-value file, by name.

    In one file, deployment_id and model_id win over key-values of the same names.
    """
    ids = {"deployment_id": deployment_id, "model_id": model_id}
    merged = key_value_file == info_file
    files = {info_file: {**key_values, **ids} if merged else ids}
    if key_value_file is not None and not merged:
        files[key_value_file] = dict(key_values)
    return {name: as_yaml(content).encode() for name, content in files.items()}
