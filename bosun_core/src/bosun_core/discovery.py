"""From the word after `--plugin` to a plugin class: entry point, module or path."""

import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from bosun_core.actions import ACTIONS
from bosun_core.contract import check_contract
from bosun_core.entry_points import EntryPoint, entry_points
from bosun_core.errors import BosunError, PluginBroken, PluginNotFound, interruption_behind, one_line
from bosun_core.plugin import BosunPluginBase
from bosun_core.redaction import SECRETS

GROUP = "bosun.plugins"

# Modules called docker, kubernetes or test exist and are no plugins, so these words never fall through to modules.
OUR_PLUGINS = {
    "fs": "bosun-fs",
    "filesystem": "bosun-fs",
    "docker": "bosun-docker",
    "k8s": "bosun-k8s",
    "kubernetes": "bosun-k8s",
    "test": "bosun-test",
}

# The base class gives the rest.
_REQUIRED = tuple(action for action in ACTIONS if action != "deployment_relaunch")


def find_plugin(word: str) -> type[Any]:
    """Return the plugin class that `word` names; only the chosen plugin is imported.

    Raises:
        PluginNotFound: nothing answers to the word.
        PluginBroken: what answers cannot be used, or two distributions claim the word.
    """
    claims = [entry_point for entry_point in entry_points(GROUP) if entry_point.name == word]
    if len({claim.distribution for claim in claims}) > 1:
        owners = " and by ".join(f"{claim.distribution} {claim.version}" for claim in claims)
        raise PluginBroken(f"plugin {word} is claimed by {owners}; uninstall one")
    if claims:
        return _load_entry_point(claims[0])
    if word in OUR_PLUGINS:
        raise PluginNotFound(f"plugin {word} is not installed; run: pip install {OUR_PLUGINS[word]}")
    module = _import_module(word) or _import_path(word)
    if module is None:
        raise PluginNotFound(_nothing_answers(word))
    return plugin_class(module, word)


def _nothing_answers(word: str) -> str:
    installed = sorted({entry_point.name for entry_point in entry_points(GROUP)})
    names = f"installed are {', '.join(installed)}" if installed else "none is installed"
    if os.path.isdir(word):  # noqa: PTH112  # Path.is_dir raises where the name is too long
        return f"plugin {word} is a folder; name the module in it, say {word}/{Path(word).name}"
    return f"no plugin, module or file {word}; {names}; name one of them, or a path like folder/my_plugin.py"


def _load_entry_point(entry_point: EntryPoint) -> type[Any]:
    module_name, _, attribute = entry_point.value.partition(":")
    source = f"{entry_point.name} ({entry_point.distribution} {entry_point.version})"
    module = _guarded_import(module_name, source)
    if not attribute:
        return plugin_class(module, source)
    found: Any = module
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not inspect.isclass(found):
        raise PluginBroken(f"plugin {source}: {module_name} has no class {attribute}; its entry point names it")
    return _checked(found, source)


def _import_module(word: str) -> ModuleType | None:
    """Import the module called `word`, or return None where there is none of that name."""
    if not all(part.isidentifier() for part in word.split(".")):
        return None
    with _blamed_on(word):
        try:
            spec = importlib.util.find_spec(word)  # imports the packages around it
        except ModuleNotFoundError as error:
            if f"{word}.".startswith(f"{error.name}."):
                return None
            raise
        except ValueError:  # a module that was made, not imported
            return None
    if spec is None or spec.origin is None:  # a namespace package: a mere folder on the path
        return None
    return _guarded_import(word, word)


def _import_path(word: str) -> ModuleType | None:
    """Import the file that `word` names with or without `.py`, or return None where there is none."""
    try:
        file = next(
            (path for path in (Path(word), Path(f"{word}.py")) if path.suffix == ".py" and path.is_file()),
            None,
        )
    except (OSError, ValueError):
        return None
    if file is None:
        return None
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # A file called json.py must not take the place of a module that is already in use.
    name = file.stem if file.stem not in sys.modules else f"_bosun_plugin_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _blamed_on(word):
        spec.loader.exec_module(module)
    return module


def _guarded_import(module: str, source: str) -> ModuleType:
    with _blamed_on(source):
        return importlib.import_module(module)


@contextmanager
def _blamed_on(source: str) -> Iterator[None]:
    """Turn whatever importing somebody else's code raises into one line that names the plugin."""
    try:
        yield
    except (Exception, SystemExit) as error:
        if (interruption := interruption_behind(error)) is not None:
            raise interruption from None
        of_core = isinstance(error, ImportError) and f"{error.name}.".startswith("bosun_core.")
        remedy = "upgrade bosun-core, or the plugin" if of_core else "mend or reinstall it"
        raise PluginBroken(f"plugin {source} does not import: {describe(error)}; {remedy}") from error


def describe(error: BaseException) -> str:
    """Return an exception as `Type: text (file:line)`, the place being where it was raised.

    Its text may hold anything, so that secrets in it are masked.
    """
    import traceback  # only a failure needs it

    # The frames of the import system, and those from here, tell nothing about whose fault it is.
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename not in (importlib.__file__, __file__)
    ]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}:{error.lineno})" if error.filename else ""
        return one_line(f"{type(error).__name__}: {SECRETS.mask(one_line(error.msg))}{place}")
    text = SECRETS.mask(one_line(error))
    return one_line(f"{type(error).__name__}{': ' if text else ''}{text}{place}")


def plugin_class(module: ModuleType, source: str) -> type[Any]:
    """Return the one plugin class of a module: its most derived concrete class with the contract's methods.

    Raises:
        PluginBroken: there is none, several, or one that lacks methods or was made for another contract.
    """
    classes = [item for item in vars(module).values() if inspect.isclass(item) and _looks_like_plugin(item)]
    classes = list(dict.fromkeys(classes))
    derived = [item for item in classes if not any(item is not other and issubclass(other, item) for other in classes)]
    own = [item for item in derived if item.__module__ == module.__name__] or derived
    whole = [item for item in own if not lacking(item)]
    if len(whole) > 1:
        names = ", ".join(sorted(item.__name__ for item in whole))
        raise PluginBroken(f"plugin {source} has several plugin classes: {names}; keep one in the module")
    if own:
        return _checked((whole or own)[0], source)
    found = sorted(name for name, item in vars(module).items() if inspect.isclass(item) and not name.startswith("_"))
    others = f"classes found: {', '.join(found)}" if found else "no classes at all"
    raise PluginBroken(f"plugin {source} has no plugin class ({others}); inherit one from bosun_core.BosunPluginBase")


def _checked(found: type[Any], source: str) -> type[Any]:
    check_contract(found, source)  # first: another contract may ask for other methods
    if lacking(found):
        raise PluginBroken(_lacks(source, found))
    return found


def _looks_like_plugin(item: type[Any]) -> bool:
    if item is BosunPluginBase:
        return False
    # Another base is accepted too: then the methods tell.
    return issubclass(item, BosunPluginBase) or any(callable(getattr(item, action, None)) for action in ACTIONS)


def lacking(item: type[Any]) -> list[str]:
    """Return the methods of the contract that a class lacks, other abstract methods included."""
    abstract: frozenset[str] = getattr(item, "__abstractmethods__", frozenset())
    missing = [action for action in _REQUIRED if not callable(getattr(item, action, None)) or action in abstract]
    return missing + sorted(abstract - set(missing))


def _lacks(source: str, item: type[Any]) -> str:
    return f"plugin {source}: class {item.__name__} lacks {', '.join(lacking(item))}; every plugin has these methods"


class InstalledPlugin(NamedTuple):
    """One row of `--list-plugins`."""

    name: str
    aliases: tuple[str, ...]
    distribution: str
    version: str
    broken: str | None


def installed_plugins() -> list[InstalledPlugin]:
    """Return the installed plugins by name; each is imported to find out whether it is broken, and why."""
    by_target: dict[tuple[str, str, str], list[str]] = {}
    for entry_point in entry_points(GROUP):
        key = (entry_point.distribution, entry_point.version, entry_point.value)
        by_target.setdefault(key, []).append(entry_point.name)
    rows = []
    for (distribution, version, _), names in by_target.items():
        name, *aliases = sorted(names, key=lambda word: (len(word), word))
        rows.append(InstalledPlugin(name, tuple(aliases), distribution, version, _why_broken(name)))
    return sorted(rows, key=lambda row: row.name)


def _why_broken(name: str) -> str | None:
    try:
        find_plugin(name)
    except BosunError as error:
        return str(error)
    return None
