"""The main job on the filesystem: deploy a model, ask it, replace it, ask again, stop it.

Run it with `make demo`. Everything happens in a temporary folder; the prediction server stands in for the Portable
Prediction Server and serves whatever folders it finds.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from prediction_server.launch import RunningServer, running_server
from prediction_server.make_package import write_package

FLOWER = [{"sepal_length": 6.1, "sepal_width": 2.8, "petal_length": 4.7}]


def main() -> None:
    """Run the demo."""
    with tempfile.TemporaryDirectory(prefix="bosun-demo-") as temporary:
        folder = Path(temporary)
        base = folder / "deployments"
        base.mkdir()
        say("Two model packages, each with a scikit-learn model trained just now:")
        for name, seed in (("A", 1), ("B", 2)):
            package = write_package(folder / f"model-{name}.mlpkg", "sklearn", seed=seed)
            print(f"  {package} ({package.stat().st_size} bytes)")
        with running_server("--deployments", str(base)) as server:
            say(f"A prediction server serves {base} at {server.url}")
            act_it_out(folder, server)
    say("Done: deployed, asked, replaced, asked again, stopped. The same commands are what an agent runs.")


def act_it_out(folder: Path, server: RunningServer) -> None:
    """Run each action as an agent would, and ask the deployment in between."""
    private = folder / "plugin.filesystem.conf.yaml"
    private.write_text(f'baseDir: "{folder}/deployments"\ndeploymentPredictionBaseUrl: "{server.url}"\n')
    start = {"id": "flowers", "modelId": "model-A", "modelArtifact": f"{folder}/model-A.mlpkg"}
    replacement = {**start, "newModelId": "model-B", "modelArtifact": f"{folder}/model-B.mlpkg"}
    run("plugin_start", private)
    run("deployment_start", private, start)
    ask(server)
    run("deployment_status", private, start)
    run("deployment_replace_model", private, replacement)
    ask(server)
    run("deployment_list", private)
    run("deployment_stop", private, start)


def run(action: str, private: Path, deployment: dict[str, str] | None = None) -> None:
    """Run one action as a command and show both."""
    command = ["bosun-plugin-runner", "--plugin", "fs", "--private-config", str(private), "--action", action]
    if deployment is not None:
        config = private.with_name(f"{action}.yaml")
        config.write_text(json.dumps({"deploymentInfo": deployment}, indent=2))
        command += ["--config", str(config)]
    say(shlex.join(command), prompt="$")
    sys.stdout.flush()
    subprocess.run(command, check=True)


def ask(server: RunningServer) -> None:
    """Send one record to the deployment and show what came back."""
    path = "/deployments/deployment_flowers/predictions"
    say(f"POST {server.url}{path} {json.dumps(FLOWER)}", prompt=">")
    print(json.dumps(server.request("POST", path, FLOWER).content))


def say(text: str, prompt: str = "#") -> None:
    """Print one line of the story."""
    print(f"\n{prompt} {text}")


if __name__ == "__main__":
    main()
