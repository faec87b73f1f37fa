"""What the runner tells about itself instead of running an action."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

from bosun_core.actions import ACTIONS
from bosun_core.errors import ConfigurationError, InvalidRequest
from bosun_core.options import Options, parser

if TYPE_CHECKING:
    from pathlib import Path


def inform(options: Options, stdout: TextIO) -> None:
    """Print what the command line asks for, or write it to `--output`.

    Raises:
        BosunError: the plugin or the action is unknown, or the file cannot be written, or is the user's own.
    """
    if options.list_actions:
        stdout.writelines(f"{action}\n" for action in ACTIONS)
    elif options.version:
        stdout.write(f"{_version()}\n")
    elif options.print_completion is not None:
        import shtab

        stdout.write(shtab.complete(parser(), shell=options.print_completion) + "\n")
    elif options.list_plugins:
        _list_plugins(options, stdout)
    else:
        text = _schema(options) if options.schema else _configuration(options)
        if options.output is None:
            stdout.write(text)
        else:
            _write(options.output, text, force=options.force)


def _version() -> str:
    from importlib.metadata import version

    return f"bosun-plugin-runner {version('bosun-core')}"


def _list_plugins(options: Options, stdout: TextIO) -> None:
    from bosun_core.discovery import installed_plugins
    from bosun_core.terminal import print_table

    with redirect_stdout(sys.stderr):  # whatever a plugin prints when it is imported
        plugins = installed_plugins()
    if options.json:
        import json

        stdout.write(json.dumps([plugin._asdict() for plugin in plugins]) + "\n")
        return
    rows = [
        [
            plugin.name,
            ", ".join(plugin.aliases),
            plugin.distribution,
            plugin.version,
            f"broken: {plugin.broken}" if plugin.broken else "ok",
        ]
        for plugin in plugins
    ]
    print_table(["name", "aliases", "distribution", "version", "state"], rows, stdout)


def _configuration(options: Options) -> str:
    from bosun_core import templates

    if options.action is None:
        return templates.private_configuration(_settings_schema(options), options.plugin or "")
    if options.action not in ACTIONS:
        raise InvalidRequest(f"unknown action {options.action}; --list-actions shows them all")
    return templates.action_file(options.action)


def _schema(options: Options) -> str:
    import json

    return json.dumps(_settings_schema(options), indent=2) + "\n"


def _settings_schema(options: Options) -> dict[str, Any]:
    from bosun_core.discovery import find_plugin
    from bosun_core.settings import schema

    with redirect_stdout(sys.stderr):
        plugin = find_plugin(options.plugin or "")
    model = getattr(plugin, "settings_model", None)
    if model is None:
        raise ConfigurationError(
            f"plugin {options.plugin} declares no settings model to show; see its own documentation"
        )
    return schema(model)


def _write(path: str, text: str, *, force: bool) -> None:
    """Write a generated file; one that is there with other content is the user's own, and stays without `force`."""
    from pathlib import Path

    from bosun_core.atomic_file import write_whole

    content = text.encode()
    try:
        there = _content_of(Path(path), len(content))
        if there == content:
            return
        if there is not None and not force:
            raise ConfigurationError(f"{path} exists with other content; name another file, or add --force")
        write_whole(Path(path), content)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"cannot write --output {path}: {getattr(error, 'strerror', 'this is no path')}; check the path"
        ) from None


def _content_of(path: Path, size: int) -> bytes | None:
    """Return what a file begins with, as far as it takes to see whether it is `size` bytes that we know.

    None where there is no file: a pipe or device holds nothing that could be lost.
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(size + 1)
