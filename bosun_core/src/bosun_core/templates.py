"""What is generated from the models: configuration files to start from, and tables for the docs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml

from bosun_core.actions import ACTIONS

_WIDTH = 100


def private_configuration(schema: dict[str, Any], plugin: str) -> str:
    """Return a commented private configuration: required keys to fill in, the others with their defaults."""
    lines = [f"# Private configuration of `--plugin {plugin}`: hand it over with --private-config.", ""]
    for key, described in schema["properties"].items():
        lines += _comment(described.get("description", ""))
        required = key in schema.get("required", ())
        value = described.get("default")
        if value is None and described.get("examples"):
            value = described["examples"][0]
        off = not required and described.get("default") is None
        body = yaml.safe_dump({key: value}, sort_keys=False, width=_WIDTH, default_flow_style=False)
        lines += [f"# {line}" if off else line for line in body.splitlines()]
        lines.append("")
    return "\n".join(lines)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH - 2)]


def settings_table(schema: dict[str, Any]) -> str:
    """Return the docs table of a plugin's settings, in Markdown."""
    rows = ["| key | type | default | what it is |", "| --- | --- | --- | --- |"]
    for key, described in schema["properties"].items():
        required = key in schema.get("required", ())
        default = "required" if required else _default(described.get("default"))
        rows.append(f"| `{key}` | {_type(described)} | {default} | {described.get('description', '')} |")
    return "\n".join(rows)


def _default(value: Any) -> str:
    return "not set" if value is None else f"`{yaml.safe_dump(value, default_flow_style=True).splitlines()[0]}`"


def _type(described: dict[str, Any]) -> str:
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "mapping",
        "array": "list",
    }
    options = [option for option in described.get("anyOf", [described]) if option.get("type") != "null"]
    kinds = [
        *(f"`{choice}`" for option in options for choice in option.get("enum", ()) if choice is not None),
        *(words.get(option.get("type", ""), "mapping") for option in options if "enum" not in option),
    ]
    return " or ".join(dict.fromkeys(kinds))


def action_file(action: str) -> str:
    """Return a commented action file for `action`."""
    return "\n".join(_action_file_lines(action)) + "\n"


def _action_file_lines(action: str) -> Iterator[str]:
    spec = ACTIONS[action]
    yield f"# Action file of `--action {action}`: hand it over with --config."
    yield "pluginConfig:"
    yield '  name: "my-agent"'
    yield "  # The address of the MLOps service, where models are to be monitored or packages fetched from it;"
    yield "  # MLOPS_BOSUN_MONITORING_URL, which agents send, counts where this is missing."
    yield '  # mlopsUrl: "https://app.example.com"'
    yield ""
    yield "# The prediction environment; may be left out."
    yield "peInfo:"
    yield '  id: "environment-1"'
    yield '  name: "My environment"'
    if action == "pe_status":
        yield "  # The deployments that should be there: each gets its status, any other one a warning."
        yield '  deployments: ["deployment-1"]'
    if not spec.takes_deployment:
        return
    yield ""
    yield "deploymentInfo:"
    yield '  id: "deployment-1"'
    yield '  name: "My deployment"'
    yield '  modelId: "model-A"'
    if action == "deployment_replace_model":
        yield "  # The model that comes; modelId is the one that goes."
        yield '  newModelId: "model-B"'
        yield '  modelArtifact: "/tmp/model-B.mlpkg"'
    elif action in ("deployment_start", "deployment_relaunch"):
        yield '  modelArtifact: "/tmp/model-A.mlpkg"'
    if action in ("deployment_start", "deployment_replace_model", "deployment_relaunch"):
        yield "  # Settings of this deployment; the plugin's documentation lists the keys that it knows."
        yield "  # keyValueConfig:"
        yield '  #   key1: "some-value-for-key-1"'
