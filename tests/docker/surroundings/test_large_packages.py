"""A large package is streamed: the runner's memory does not grow with it (2 GiB with BOSUN_THOROUGH=1)."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from measuring import megabytes_of

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

SIZE = 2 * 1024**3 if os.environ.get("BOSUN_THOROUGH") else 300 * 1024**2
MOST_MEGABYTES = 80


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
    megabytes = megabytes_of("--plugin=docker", "--action=deployment_start", *files)
    told = yaml.safe_load(status.read_text())
    assert told["status"] == "passing", told
    assert predict(told["data"]["predictionUrl"]) == "A"
    inside = clean("exec", f"{clean.prefix}deployment_d1_A", "stat", "-c", "%s", "/opt/ml/model/model.mlpkg")
    print(f"{SIZE / 1e6:.0f} MB in {told['duration']:.1f} s, the runner took {megabytes:.0f} MB")
    assert (int(inside), megabytes < MOST_MEGABYTES) == (SIZE, True)
