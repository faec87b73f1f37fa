"""What is large is streamed: the runner's memory does not grow with it (BOSUN_THOROUGH=1: all kinds, of 1 GiB)."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from archive_making import tar
from measuring import megabytes_of
from registry_images import INSIDE, Image
from sampling import SEED, THOROUGH, sampled

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(900)]

SIZE = 1024**3 if THOROUGH else 150 * 1024**2
MOST_MEGABYTES = 80
CUSTOM = {"modelExecutionType": "customInferenceModel"}


def _package(place: Any, folder: Path, model: bytes) -> Path:
    with (folder / "m.mlpkg").open("wb") as file:
        file.write(b"an opaque model")
        file.truncate(SIZE)
    return folder / "m.mlpkg"


def _archive(place: Any, folder: Path, model: bytes) -> Path:
    image = Image(place.variables["BOSUN_TEST_K8S_PPS_IMAGE"], model)
    image.layers.append(tar(("opt/more", bytes(SIZE))))
    image.name_layers()
    path = image.saved(folder / "a.tar")
    with path.open("rb") as plain, gzip.open(folder / "a.tar.gz", "wb", 1) as packed:
        shutil.copyfileobj(plain, packed)
    path.unlink()
    return folder / "a.tar.gz"


def _context(place: Any, folder: Path, model: bytes) -> Path:
    lines = [
        f"FROM {place.variables['BOSUN_TEST_K8S_PPS_IMAGE']}",
        f"COPY model.mlpkg {INSIDE}",
        f"ENV PREDICTION_API_MODEL_REPOSITORY_PATH={INSIDE}",
    ]
    files = ("Dockerfile", "\n".join(lines).encode()), ("model.mlpkg", model), ("more", bytes(SIZE))
    (folder / "context.tar").write_bytes(tar(*files))
    return folder / "context.tar"


# name -> (what makes it, what the action says of it, whether kaniko builds it)
KINDS: dict[str, tuple[Callable[..., Path], dict[str, str], bool]] = {
    "a package": (_package, {}, False),
    "an image archive, gzipped": (_archive, CUSTOM, False),
    "a build context": (_context, CUSTOM, True),
}


@pytest.mark.parametrize("kind", sampled(list(KINDS), "large"))
def test_the_memory_stays_small_however_large_it_is(
    clean: Any, kaniko: dict[str, Any], package: Callable[..., str], predict: Callable[..., str], tmp_path: Path,
    kind: str
) -> None:  # fmt: skip
    make, said, builds = KINDS[kind]
    artifact = make(clean, tmp_path, Path(package("A")).read_bytes())
    config, private, status = (tmp_path / name for name in ("c.yaml", "p.yaml", "s.yaml"))
    info = {"id": "d1", "modelId": "A", "modelArtifact": str(artifact), **said}
    config.write_text(json.dumps({"deploymentInfo": info}))
    private.write_text(yaml.safe_dump(clean.settings(readinessLimit=300, **(kaniko if builds else {}))))
    files = [f"--config={config}", f"--private-config={private}", f"--status-file={status}"]
    megabytes = megabytes_of("--plugin=k8s", "--action=deployment_start", *files)
    told = yaml.safe_load(status.read_text())
    assert (told["status"], predict(told["data"]["predictionUrl"])) == ("passing", "A"), told
    print(f"seed {SEED}: {kind} of {SIZE / 1e6:.0f} MB in {told['duration']:.1f} s, the runner took {megabytes:.0f} MB")
    assert megabytes < MOST_MEGABYTES
