"""Built parts in the cache, each under a hash of what it is built from."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from testbed.places import cache

_DIGITS = 12


def digest(*words: str, files: Iterable[Path] = ()) -> str:
    """Return a short hash of `words` and of the names and contents of `files` (folders: all that is in them)."""
    whole = hashlib.sha256(json.dumps(words).encode())
    for given in files:
        for path in sorted(given.rglob("*")) if given.is_dir() else [given]:
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            name = str(path.relative_to(given.parent))
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            mode = path.stat().st_mode & 0o111
            whole.update(json.dumps([name, bool(mode), content]).encode())
    return whole.hexdigest()[:_DIGITS]


def part(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of part `name` with the hash `key`; where it is not in the cache, `make` fills it.

    `make` is given an empty folder. The part appears in the cache whole or not at all. Those of its name with another
    hash stay: another checkout may use them.
    """
    parts = cache() / "parts"
    done = parts / f"{name}-{key}"
    if done.is_dir():
        return done
    half = parts / f"{name}-{key}.half"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    make(half)
    half.rename(done)
    return done
