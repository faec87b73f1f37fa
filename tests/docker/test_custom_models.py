"""Custom models and scoring code: how each is told, what of it reaches the container, and what is left of it."""

import json
import re
import subprocess
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from archive_making import tar, zipped
from bosun_core.reporting import listen
from model_kinds import CUSTOM, INSIDE, Maker, context

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]
TEMPLATE = '{{ env "HOME" }}'
SERVER = """\
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"/": "health", "/info": "info"}.get(self.path))

    def do_POST(self):
        self.answer({"/predict/": "predictions"}.get(self.path))

    def answer(self, word):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"word": word, "path": self.path}).encode()
        self.send_response(200 if word else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
"""

# As servers do that start a killed worker again: the process that the engine watches never ends.
HUNGRY = """\
import subprocess, sys

EATS = "eaten = []\\nwhile True: eaten.append(b'x' * (1 << 20))"
while True:
    subprocess.run([sys.executable, "-c", EATS])
"""


def artifact(tmp_path: Path, content: bytes, name: str = "artifact") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


def asked(place: Any, method: str, path: str) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", place.port, timeout=10)
    try:
        connection.request(method, f"/deployments/d1/{path}", b"[]" if method == "POST" else None)
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


def images_of(place: Any) -> list[str]:
    return place("image", "ls", "-a", "-q", "--no-trunc", "--filter", f"reference={place.prefix}*").split()


def test_port_and_paths_of_a_server_of_its_own_are_led_to(clean: Any, act: Act, tmp_path: Path) -> None:
    base = clean.variables["BOSUN_TEST_PYTHON_IMAGE"]
    dockerfile = f'FROM {base}\nCOPY server.py /\nCMD ["python3", "/server.py"]\n'.encode()
    zip_file = artifact(tmp_path, zipped(("Dockerfile", dockerfile), ("server.py", SERVER.encode())))
    values = {"port": 9000, "healthPath": "/", "predictionsPath": "/predict/"}
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": zip_file}
    status = act("deployment_start", {**info, "keyValueConfig": values})
    assert status["status"] == "passing", status
    assert asked(clean, "POST", "predictions") == {"word": "predictions", "path": "/predict/"}
    assert asked(clean, "GET", "ping") == {"word": "health", "path": "/"}
    assert asked(clean, "GET", "info") == {"word": "info", "path": "/info"}


def test_a_server_whose_worker_runs_out_of_memory_again_and_again_is_told(clean: Any, act: Act, tmp_path: Path) -> None:
    base = clean.variables["BOSUN_TEST_PYTHON_IMAGE"]
    dockerfile = f'FROM {base}\nCOPY hungry.py /\nCMD ["python3", "/hungry.py"]\n'.encode()
    zip_file = artifact(tmp_path, zipped(("Dockerfile", dockerfile), ("hungry.py", HUNGRY.encode())))
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": zip_file}
    status = act("deployment_start", {**info, "keyValueConfig": {"memory": "32m"}}, readinessLimit=5)
    assert status["status"] == "failing"
    assert "within 5 s (readinessLimit); a process in it ran out of memory: give it more with" in status["msg"]


def test_a_build_is_told_step_by_step_and_its_failure_with_its_last_lines(
    clean: Any, act: Act, maker: Maker, tmp_path: Path
) -> None:
    package = maker.package(tmp_path / "A", "A", {}).read_bytes()
    before = clean("image", "ls", "-a", "-q", "--no-trunc").split()
    bad = artifact(tmp_path, context(maker, package, "USER 0", "RUN echo first", "RUN echo the cause >&2; exit 3"))
    steps: list[tuple[str, float, float | None]] = []
    end = listen(lambda *step: steps.append(step))
    try:
        info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": bad}
        status = act("deployment_start", info)
    finally:
        end()
    assert status["status"] == "failing"
    assert re.search(
        r"cannot build image .*: .* returned a non-zero code: 3; its last lines: .*the cause", status["msg"]
    )
    assert {"sending the build context", "building the image"} <= {step[0] for step in steps}
    assert {done for step, done, total in steps if step == "building the image" and total} >= {0, 1, 2, 3, 4, 5}, steps
    left = set(clean("image", "ls", "-a", "-q", "--no-trunc").split()) - set(before)
    assert not [one for one in left if "the cause" in clean("history", "--no-trunc", one, check=False)]
    assert (images_of(clean), list(clean.containers())) == ([], [clean.proxy])


def test_a_build_that_takes_too_long_is_ended(clean: Any, act: Act, maker: Maker, tmp_path: Path) -> None:
    package = maker.package(tmp_path / "A", "A", {}).read_bytes()
    slow = artifact(tmp_path, context(maker, package, "RUN echo waiting; sleep 120"))
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": slow}
    status = act("deployment_start", info, buildLimit=8)
    assert f"building the image of {slow} takes longer than 8 s; raise buildLimit" in status["msg"]
    assert images_of(clean) == []


def test_the_names_that_an_image_archive_brings_move_nothing(
    clean: Any, act: Act, maker: Maker, predict: Callable[..., str]
) -> None:
    made = maker.make("archive", "A")
    name = maker.users[0]
    clean("tag", clean.variables["BOSUN_TEST_PPS_IMAGE"], name)
    theirs = clean("image", "inspect", "--format", "{{.Id}}", name)
    status = act("deployment_start", {"id": "d1", "modelId": "A", **made.info})
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), status
    assert clean("image", "inspect", "--format", "{{.Id}}", name) == theirs
    (own,) = set(images_of(clean))
    assert own != theirs
    act("deployment_stop", {"id": "d1"})
    assert clean("image", "inspect", own, check=False) == "[]"


def test_an_archive_of_an_image_that_was_there_before_leaves_it_there(clean: Any, act: Act, maker: Maker) -> None:
    image = maker.image(maker._folder / "kept", "A", {})
    archive = maker._folder / "kept.tar"
    clean("save", "--output", archive, image)
    own = clean("image", "inspect", "--format", "{{.Id}}", image)
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": str(archive)}
    assert act("deployment_start", info)["status"] == "passing"
    assert act("deployment_stop", info)["status"] == "passing"
    assert clean("image", "inspect", "--format", "{{.Id}} {{.RepoTags}}", image) == f"{own} [{image}]"


def test_an_image_that_a_user_made_of_ours_stays(clean: Any, act: Act, package: Callable[..., str]) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    theirs = f"users-{clean.network}/derived:1"
    made = clean("create", clean.images()[0])
    clean("commit", made, theirs)
    clean("rm", made)
    act("deployment_stop", {"id": "d1"})
    try:
        assert clean("image", "inspect", "--format", "{{index .RepoTags 0}}", theirs) == theirs
    finally:
        clean("image", "rm", "--force", theirs)


def test_scoring_code_is_put_where_the_docs_say(clean: Any, act: Act, tmp_path: Path) -> None:
    jar = artifact(tmp_path, zipped(("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n")), "model.jar")
    info = {"id": "d1", "modelId": "A", "modelFormat": "datarobotScoringCode", "modelArtifact": jar}
    refused = act("deployment_start", info)
    assert refused["msg"].startswith(
        "modelFormat datarobotScoringCode needs an image that serves a .jar: set scoringCode"
    )
    status = act("deployment_start", info, scoringCodeBaseImage=clean.variables["BOSUN_TEST_PPS_IMAGE"])
    assert status["status"] == "passing", status
    (name,) = [one for one in clean.containers() if "deployment" in one]
    assert clean.raw("exec", name, "cat", "/opt/ml/model/model.jar") == Path(jar).read_bytes()


def test_what_is_no_image_is_told_in_one_line(clean: Any, act: Act, tmp_path: Path) -> None:
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM}
    none = act("deployment_start", info)
    assert none["msg"].startswith("a custom model needs an image: add keyValueConfig.image, or as modelArtifact an")
    path = artifact(tmp_path, b"a text")
    neither = act("deployment_start", {**info, "modelArtifact": path})
    assert neither["msg"].startswith(
        f"modelArtifact {path} is neither an image archive (docker save) nor a build context"
    )
    native = act("deployment_start", {"id": "d1", "modelId": "A", "keyValueConfig": {"image": "x:1"}})
    assert native["msg"].startswith("keyValueConfig.image is for custom models: set modelExecutionType")


def test_templates_and_secrets_reach_nothing_that_they_should_not(
    clean: Any, act: Act, maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "planted-token-4711"
    monkeypatch.setenv("MLOPS_API_TOKEN", token)
    package = maker.package(tmp_path / "A", "A", {}).read_bytes()
    archive = artifact(tmp_path, context(maker, package, "USER 0", "RUN env > /seen.txt"))
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": archive}
    config = {"mlopsUrl": "https://mlops.example.com", "note": token}
    status = act("deployment_start", {**info, "keyValueConfig": {"environment": {"A": TEMPLATE}}}, plugin_config=config)
    assert status["status"] == "passing", status
    (name,) = [one for one in clean.containers() if "deployment" in one]
    told = [json.dumps(status), json.dumps(clean.route_files()), clean("inspect", name), clean("logs", name)]
    told += [clean("image", "inspect", one) + clean("history", "--no-trunc", one) for one in images_of(clean)]
    told.append(clean("exec", name, "cat", "/seen.txt"))
    assert [text for text in told if token in text] == []
    assert clean("exec", name, "printenv", "A") == TEMPLATE
    for bad in ({"id": TEMPLATE}, {"modelId": TEMPLATE}, {"keyValueConfig": {"healthPath": f"/{TEMPLATE}"}}):
        assert act("deployment_start", {**info, **bad})["status"] == "failing"
    assert "{{" not in "".join(clean.route_files().values())
    assert INSIDE in clean("inspect", name)


def test_labels_that_an_image_brings_are_not_taken_for_ours(
    clean: Any, act: Act, maker: Maker, package: Callable[..., str], tmp_path: Path
) -> None:
    content = context(maker, Path(package("A")).read_bytes(), "LABEL com.datarobot.bosun.serving=shared")
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": artifact(tmp_path, content)}
    status = act("deployment_start", info)
    assert (status["status"], status["data"]["workloads"]) == ("passing", [f"{clean.prefix}deployment_d1_A"]), status


def test_a_container_that_is_asked_for_by_a_device_or_link_is_refused_before_anything_is_made(
    clean: Any, act: Act, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": str(tmp_path / "link")}
    assert act("deployment_start", info)["msg"].endswith("is a device; name a package file")
    cut = artifact(tmp_path, tar(("Dockerfile", b"FROM scratch\n" * 99))[:700])
    assert (
        act("deployment_start", {**info, "modelArtifact": cut})["msg"]
        == f"modelArtifact {cut} is cut off; make it again"
    )
    assert images_of(clean) == []
    assert subprocess.run(["test", "-e", "/tmp/bosun-was-here"], check=False).returncode == 1
