"""Custom models and scoring code: how each is told, how its image comes to a registry, and what is not made twice."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from archive_making import tar, zipped
from registry_images import INDEX, INSIDE, Image, builds, config_of, digest_of, manifest

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(600)]
Act = Callable[..., dict[str, Any]]

CUSTOM = {"modelExecutionType": "customInferenceModel"}
LABEL = "bosun.datarobot.com"


@pytest.fixture
def image(clean: Any, package: Callable[..., str]) -> Image:
    return Image(clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"], Path(package("A")).read_bytes())


@pytest.fixture
def repository(clean: Any) -> str:
    return f"{clean.registry}/{clean.namespace}/models"


def artifact(tmp_path: Path, content: bytes, name: str = "artifact") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


def test_an_image_archive_of_docker_is_served_kept_and_not_sent_twice(
    clean: Any, act: Act, image: Image, repository: str, predict: Callable[..., str], tmp_path: Path
) -> None:
    path = image.saved(tmp_path / "a.tar", linked=True)
    info = {"id": "d1", "modelId": "A", **CUSTOM, "modelArtifact": str(path)}
    status = act("deployment_start", info)
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), status
    digest, made = manifest(repository, "m-A")
    assert [one["digest"] for one in made["layers"]] == [
        *image.config["rootfs"]["diff_ids"],
        made["layers"][-1]["digest"],
    ]
    assert (made["annotations"][f"{LABEL}/origin"], made["layers"][-1]) == ("image archive", made["layers"][-2])
    assert act("deployment_start", info)["msg"] == "deployment d1 already serves model A; nothing changed"

    relaunched = act("deployment_relaunch", {"id": "d1"})
    assert (relaunched["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), relaunched
    assert act("deployment_stop", {"id": "d1"})["state"] == "stopped"
    assert act("deployment_start", {**info, "id": "d2"})["status"] == "passing"
    assert manifest(repository, "m-A")[0] == digest


def test_an_image_archive_of_oci_stays_an_index_and_its_digests_stay(
    clean: Any, act: Act, image: Image, repository: str, predict: Callable[..., str], tmp_path: Path
) -> None:
    path = image.laid(tmp_path / "a.tar.gz", architectures=("arm64", "amd64"))
    status = act("deployment_start", {"id": "d1", "modelId": "O", **CUSTOM, "modelArtifact": str(path)})
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "O"), status
    _, made = manifest(repository, "m-O")
    assert made["mediaType"] == INDEX
    assert [one["platform"]["architecture"] for one in made["manifests"]] == ["arm64", "amd64"]
    assert manifest(repository, made["manifests"][1]["digest"])[0] == made["manifests"][1]["digest"]


def test_an_image_archive_that_is_not_whole_is_told_in_one_line(
    clean: Any, act: Act, package: Callable[..., str], tmp_path: Path
) -> None:
    image = Image(clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"], Path(package("never sent before")).read_bytes())
    lacking = image.laid(tmp_path / "lacking.tar.gz", leave_out=digest_of(gzip.compress(image.layers[0], 1, mtime=0)))
    damaged = image.saved(tmp_path / "damaged.tar")
    content = bytearray(damaged.read_bytes())
    at = content.index(image.layers[-1]) + 600  # in the model, after its header
    content[at : at + 4] = b"flip"
    damaged.write_bytes(content)
    for path, words in ((lacking, "lacks blobs/sha256/"), (damaged, "is damaged (")):
        status = act("deployment_start", {"id": "d1", "modelId": "X", **CUSTOM, "modelArtifact": str(path)})
        assert (status["status"], f"modelArtifact {path} {words}" in status["msg"]) == ("failing", True), status["msg"]
        assert ("\n" in status["msg"], "save the image again" in status["msg"]) == (False, True)
    assert clean.made() == []


def context(place: Any, package: Path, *lines: str) -> bytes:
    """A build context with the package, and more lines in its Dockerfile."""
    base = place.variables["BOSUN_TEST_K8S_PPS_IMAGE"]
    own = [f"FROM {base}", f"COPY model.mlpkg {INSIDE}", f"ENV PREDICTION_API_MODEL_REPOSITORY_PATH={INSIDE}", *lines]
    return tar(("Dockerfile", "\n".join(own).encode()), ("model.mlpkg", package.read_bytes()))


def test_a_build_context_is_built_by_kaniko_once(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str], repository: str,
    predict: Callable[..., str], tmp_path: Path
) -> None:  # fmt: skip
    model, before = Path(package("A")), builds(clean, building)
    steps = ["USER 0", "RUN mkdir /opt/more && chown 1000:1000 /opt/more", "USER 1000", "RUN id -u > /opt/more/who"]
    path = artifact(tmp_path, gzip.compress(context(clean, model, *steps)))
    info = {"id": "d1", "modelId": "C", **CUSTOM, "modelArtifact": path}
    status = act("deployment_start", info, **kaniko)
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "C"), status
    (pod,) = (one["metadata"]["name"] for one in clean.objects("pods"))
    assert clean("exec", pod, "--", "cat", "/opt/more/who") == "1000"
    labels = config_of(repository, "m-C")["config"]["Labels"]
    assert labels[f"{LABEL}/origin"] == "build context"
    digest = manifest(repository, "m-C")[0]
    assert (clean.objects("pods", "-n", building), builds(clean, building)) == ([], before + 1)
    assert act("deployment_start", {**info, "id": "d2"}, **kaniko)["status"] == "passing"
    assert (manifest(repository, "m-C")[0], builds(clean, building)) == (digest, before + 1)


SERVER = """\
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"/": "health", "/info": "info"}.get(self.path))

    def do_POST(self):
        self.answer({"/score/": "predictions"}.get(self.path))

    def answer(self, word):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"modelId": word}).encode()
        self.send_response(200 if word else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
"""


def test_port_and_paths_of_a_server_of_its_own_are_led_to(
    clean: Any, kaniko: dict[str, Any], act: Act, predict: Callable[..., str], tmp_path: Path
) -> None:
    base = clean.variables["BOSUN_TEST_K8S_PYTHON_IMAGE"]
    dockerfile = f'FROM {base}\nCOPY server.py /\nUSER 1000\nCMD ["python3", "/server.py"]\n'.encode()
    path = artifact(tmp_path, zipped(("Dockerfile", dockerfile), ("server.py", SERVER.encode())))
    values = {"port": 9000, "healthPath": "/", "predictionsPath": "/score/"}
    info = {"id": "d1", "modelId": "S", **CUSTOM, "modelArtifact": path, "keyValueConfig": values}
    name, _, value = clean.variables["BOSUN_TEST_K8S_INGRESS_ANNOTATION"].partition("=")
    plain = {"gateway": None, "ingressPaths": "prefix", "ingressAnnotations": {name: value}}
    told = act("deployment_start", info, **kaniko, **plain)["msg"]
    assert "put {rewrite} into ingressAnnotations, or set gateway" in told
    status = act("deployment_start", info, **kaniko)
    assert status["status"] == "passing", status
    url = status["data"]["predictionUrl"]
    assert predict(url) == predict(url.removesuffix("ions")) == "predictions"
    for endpoint, word in (("ping", "health"), ("info", "info")):
        with urlopen(f"{url.removesuffix('predictions')}{endpoint}", timeout=10) as answer:
            assert json.loads(answer.read()) == {"modelId": word}


def test_a_build_that_fails_is_told_with_its_last_lines(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str], tmp_path: Path
) -> None:
    path = artifact(tmp_path, context(clean, Path(package("A")), "USER 0", "RUN echo the cause >&2; exit 3"))
    status = act("deployment_start", {"id": "d1", "modelId": "C", **CUSTOM, "modelArtifact": path}, **kaniko)
    assert status["status"] == "failing"
    assert "ended with exit code 3; its last lines: " in status["msg"], status["msg"]
    assert "the cause" in status["msg"]
    assert (clean.made(), clean.objects("pods", "-n", building)) == ([], [])


def test_scoring_code_is_put_where_the_docs_say(clean: Any, act: Act, tmp_path: Path) -> None:
    jar = artifact(tmp_path, zipped(("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n")), "model.jar")
    info = {"id": "d1", "modelId": "A", "modelFormat": "datarobotScoringCode", "modelArtifact": jar}
    refused = act("deployment_start", info)
    assert refused["msg"].startswith(
        "modelFormat datarobotScoringCode needs an image that serves a .jar: set scoringCode"
    )
    assert clean.made() == []
    status = act("deployment_start", info, scoringCodeBaseImage=clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"])
    assert status["status"] == "passing", status
    (pod,) = (one["metadata"]["name"] for one in clean.objects("pods"))
    assert clean("exec", pod, "--", "sha256sum", "/opt/ml/model/model.jar").split()[0] == sha256(jar)


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_what_is_no_image_or_cannot_be_built_is_told_in_one_line(
    clean: Any, act: Act, package: Callable[..., str], tmp_path: Path
) -> None:
    info = {"id": "d1", "modelId": "A", **CUSTOM}
    assert act("deployment_start", info)["msg"].startswith("a custom model needs an image: add keyValueConfig.image")
    text = artifact(tmp_path, b"a text")
    neither = act("deployment_start", {**info, "modelArtifact": text})["msg"]
    assert neither.startswith(f"modelArtifact {text} is neither an image archive (docker save) nor a build context")
    path = artifact(tmp_path, context(clean, Path(package("A"))), "context")
    for builder in ("append", "volume"):
        told = act("deployment_start", {**info, "modelArtifact": path}, imageBuilder=builder)["msg"]
        assert told.startswith(f"modelArtifact {path} is a build context, which needs kaniko: set imageBuilder: kaniko")
    native = act("deployment_start", {"id": "d1", "modelId": "A", "keyValueConfig": {"image": "x:1"}})["msg"]
    assert native.startswith("keyValueConfig.image is for custom models: set modelExecutionType")
    hostile = artifact(tmp_path, tar(("Dockerfile", b"FROM scratch\n"), ("../x", b"")))
    assert "which leads out of it" in act("deployment_start", {**info, "modelArtifact": hostile})["msg"]
    large = act("deployment_start", {**info, "modelArtifact": path}, maxContextSize="100")["msg"]
    assert "has more than 100 bytes unpacked; leave something out, or raise maxContextSize" in large
    assert clean.made() == []
