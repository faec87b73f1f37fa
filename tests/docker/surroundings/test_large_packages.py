"""A large package is streamed: the runner's memory does not grow with it (2 GiB with BOSUN_THOROUGH=1)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

SIZE = 2 * 1024**3 if os.environ.get("BOSUN_THOROUGH") else 300 * 1024**2
MOST_MEGABYTES = 80
# A child's memory is counted from before it became another program: so it is begun by a small one.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_memory_stays_small_however_large_the_package(
    clean: Any, act: Callable[..., Any], predict: Callable[..., str], tmp_path: Path
) -> None:
    package, config, private, status = (tmp_path / name for name in ("m.mlpkg", "c.yaml", "p.yaml", "s.yaml"))
    with package.open("wb") as file:
        file.write(b"an opaque model")
        file.truncate(SIZE)
    config.write_text(json.dumps({"deploymentInfo": {"id": "d1", "modelId": "A", "modelArtifact": str(package)}}))
    private.write_text(yaml.safe_dump(clean.settings(readinessLimit=300)))
    files = [f"--config={config}", f"--private-config={private}", f"--status-file={status}"]
    runner = str(Path(sys.executable).with_name("bosun-plugin-runner"))
    command = [runner, "--plugin=docker", "--action=deployment_start", *files]
    measured = subprocess.run(
        [sys.executable, "-I", "-c", MEASURED, *command], capture_output=True, text=True, timeout=800
    )
    told = yaml.safe_load(status.read_text())
    assert told["status"] == "passing", told
    assert predict(told["data"]["predictionUrl"]) == "A"
    inside = clean("exec", f"{clean.prefix}deployment_d1_A", "stat", "-c", "%s", "/opt/ml/model/model.mlpkg")
    megabytes = int(measured.stdout) / 1000
    print(f"{SIZE / 1e6:.0f} MB in {told['duration']:.1f} s, the runner took {megabytes:.0f} MB")
    assert (int(inside), megabytes < MOST_MEGABYTES) == (SIZE, True)
