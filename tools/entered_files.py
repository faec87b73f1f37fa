"""The files of Bosun that one action enters, in the order in which it enters them.

`python tools/entered_files.py`: one replacement on the filesystem. With arguments of bosun-plugin-runner: that action.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bosun_core.options import read_options
from bosun_core.runner import ActionRequest, run_action

_OURS = "/src/bosun_"


class Entered:
    """What a run has entered: our files, each with its functions, and how often it went from one file to another."""

    def __init__(self) -> None:
        self.functions: dict[str, set[str]] = {}
        self.changes = 0
        self._last = ""

    def see(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take a note of a call, as `sys.setprofile` has it."""
        file = frame.f_code.co_filename
        if event != "call" or _OURS not in file or frame.f_code.co_name == "<module>":
            return
        name = file.partition("/src/")[2]
        self.functions.setdefault(name, set()).add(frame.f_code.co_qualname)
        self.changes += name != self._last
        self._last = name


def replacement(folder: Path) -> ActionRequest:
    """Start a deployment in `folder`, and return the request of a replacement of its model."""
    (folder / "base").mkdir()
    private, action = folder / "private.yaml", folder / "action.yaml"
    private.write_text(json.dumps({"baseDir": str(folder / "base")}))
    for model, package in (("A", "a.mlpkg"), ("B", "b.mlpkg")):
        (folder / package).write_text(f"model {model}")
        info = {"id": "d1", "modelId": "A", "newModelId": model, "modelArtifact": str(folder / package)}
        action.write_text(json.dumps({"deploymentInfo": info}))
        if model == "A":
            run_action(ActionRequest("fs", "deployment_start", str(action), str(private)))
    return ActionRequest("fs", "deployment_replace_model", str(action), str(private))


def entered(request: ActionRequest) -> Entered:
    """Run an action and return what it entered."""
    seen = Entered()
    sys.setprofile(seen.see)
    try:
        status = run_action(request)
    finally:
        sys.setprofile(None)
    print(f"{request.plugin} {request.action}: {status['status']}, {status['msg']}")
    return seen


def main(arguments: Sequence[str]) -> None:
    """Print the files, those of the plugin after those of core."""
    with tempfile.TemporaryDirectory() as folder:
        if arguments:
            options = read_options(arguments)
            request = ActionRequest(
                str(options.plugin), str(options.action), options.config, options.private_config, options.dry_run
            )
        else:
            request = replacement(Path(folder))
        seen = entered(request)
    for file, functions in sorted(seen.functions.items(), key=lambda one: not one[0].startswith("bosun_core")):
        print(f"  {file}: {len(functions)} functions")
    count = sum(map(len, seen.functions.values()))
    print(f"{len(seen.functions)} files, {count} functions, {seen.changes} changes of file")


if __name__ == "__main__":
    main(sys.argv[1:])
