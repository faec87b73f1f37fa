"""Kaniko's pod and build context, and what its images say of themselves."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archive_making import DOCKERFILE, special, tar, written
from bosun_core.errors import InvalidRequest
from bosun_core.model_sources import contexts
from bosun_core.model_sources.sources import Built, Packaged
from bosun_core.packages import Package, measured
from bosun_k8s.images import kaniko_context, kaniko_pod, kaniko_reuse
from bosun_k8s.images.reference import parse

Made = Callable[..., Any]
DIGEST = "sha256:" + "0" * 64
PPS = "registry.example.com/pps:1"


def packaged(path: Path) -> Packaged[Package]:
    path.write_bytes(b"x" * 1000)
    package = measured(path)
    return Packaged(PPS, "ppsBaseImage", "/opt/ml/model/model.mlpkg", package, package.sha256)


def built(path: Path, limit: int = 1 << 20) -> Built:
    return Built(measured(path), contexts.checked(path, limit), limit)


def unpacked(pieces: Any) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(b"".join(pieces)))) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive if one.isreg()}


def test_a_package_goes_along_with_a_dockerfile_that_names_its_base(tmp_path: Path) -> None:
    source = packaged(tmp_path / "m")
    for base, line in (
        (parse(PPS), f"FROM {PPS}"),
        (parse(PPS)._replace(digest=DIGEST), f"FROM registry.example.com/pps@{DIGEST}"),
    ):
        assert unpacked(kaniko_context.packed(source, base)) == {
            "Dockerfile": f"{line}\nCOPY model.mlpkg /opt/ml/model/model.mlpkg\n".encode(),
            "model.mlpkg": b"x" * 1000,
        }


def test_a_build_context_is_sent_as_it_was_checked(tmp_path: Path) -> None:
    path = written(tmp_path, tar(DOCKERFILE, ("a/b", b"content")))
    assert unpacked(kaniko_context.packed(built(path), None)) == {"Dockerfile": DOCKERFILE[1], "a/b": b"content"}


def test_a_build_context_that_became_hostile_is_refused(tmp_path: Path) -> None:
    source = built(written(tmp_path, tar(DOCKERFILE)))
    written(tmp_path, tar(DOCKERFILE, special("a", tarfile.SYMTYPE, "/etc")))
    with pytest.raises(InvalidRequest, match="a symbolic link, which a build context may not hold"):
        list(kaniko_context.packed(source, None))


def test_what_an_image_says_of_itself_tells_whether_it_is_made_already(tmp_path: Path) -> None:
    source, known = packaged(tmp_path / "m"), parse(PPS)._replace(digest=DIGEST)
    labels = kaniko_reuse.labels_of(source, known)
    assert labels == {
        "bosun.datarobot.com/package": source.sha256,
        "org.opencontainers.image.base.name": PPS,
        "org.opencontainers.image.base.digest": DIGEST,
    }
    assert kaniko_reuse.is_told({**labels, "more": "x"}, labels)
    assert not kaniko_reuse.is_told({**labels, "bosun.datarobot.com/package": "other"}, labels)
    assert not kaniko_reuse.is_told({**labels, "org.opencontainers.image.base.digest": "other"}, labels)
    unknown = kaniko_reuse.labels_of(source, parse(PPS))
    assert not kaniko_reuse.is_told(unknown, unknown)


def test_an_image_of_a_context_is_not_taken_for_one_of_a_package(tmp_path: Path) -> None:
    context = kaniko_reuse.labels_of(built(written(tmp_path, tar(DOCKERFILE))), None)
    assert kaniko_reuse.is_told(context, context)
    assert not kaniko_reuse.is_told({"bosun.datarobot.com/package": context["bosun.datarobot.com/package"]}, context)


def order(**more: Any) -> kaniko_pod.Order:
    return kaniko_pod.Order(parse("registry.example.com/models:m-A"), {"a": "b=c"}, **more)


def test_kanikos_pod(env: Made) -> None:
    place = env(kanikoImage="kaniko:1", environmentId="production", plainHttpRegistries=["10.0.0.1:5000"])
    assert kaniko_pod.pod(place, "d1", order()) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "bosun-d1-34af97f87311-build",
            "namespace": "models",
            "labels": {
                "app.kubernetes.io/managed-by": "bosun",
                "bosun.datarobot.com/build-of": "d1",
                "bosun.datarobot.com/env": "production",
                "bosun.datarobot.com/schema": "1",
            },
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "serviceAccountName": "default",
            "enableServiceLinks": False,
            "activeDeadlineSeconds": 900,
            "imagePullSecrets": [],
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "kaniko",
                    "image": "kaniko:1",
                    "args": [
                        "--context=tar://stdin",
                        "--destination=registry.example.com/models:m-A",
                        "--digest-file=/dev/termination-log",
                        "--snapshotMode=redo",
                        "--log-format=text",
                        "--label=a=b=c",
                        "--insecure-registry=10.0.0.1:5000",
                        "--skip-tls-verify-registry=10.0.0.1:5000",
                    ],
                    "stdin": True,
                    "stdinOnce": True,
                    "securityContext": {
                        "runAsUser": 0,
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"]},
                    },
                    "volumeMounts": [],
                }
            ],
            "volumes": [],
        },
    }


def test_a_pod_that_runs_a_users_steps_may_change_users(env: Made) -> None:
    (container,) = kaniko_pod.pod(env(kanikoImage="kaniko:1"), "d1", order(runs=True))["spec"]["containers"]
    assert container["securityContext"]["capabilities"]["add"][3:] == ["FSETID", "KILL", "SETFCAP", "SETGID", "SETUID"]


def test_a_private_authority_goes_along_with_the_pod(env: Made) -> None:
    pod = kaniko_pod.pod(env(kanikoImage="kaniko:1"), "d1", order(authority="a certificate"))
    key = "bosun.datarobot.com/registry-authority"
    assert pod["metadata"]["annotations"] == {key: "a certificate"}
    field = {"fieldPath": f"metadata.annotations['{key}']"}
    items = [{"path": "ca.pem", "fieldRef": field}]
    assert pod["spec"]["volumes"] == [{"name": "authority", "downwardAPI": {"items": items}}]
    (container,) = pod["spec"]["containers"]
    assert container["volumeMounts"] == [{"name": "authority", "mountPath": "/kaniko/registries"}]
    assert container["args"][-1] == "--registry-certificate=registry.example.com=/kaniko/registries/ca.pem"


def test_an_authority_that_cannot_be_read_is_told(env: Made) -> None:
    with pytest.raises(InvalidRequest, match="registryCertificateAuthority /no/such cannot be used"):
        kaniko_pod.authority(env(registryCertificateAuthority="/no/such"))


def test_config_map_and_secret_stand_in_one_volume_the_secret_over_the_config_map(env: Made) -> None:
    found = env(kanikoConfigmapName="docker-config", kanikoSecretName="registry")
    spec = kaniko_pod.pod(found, "d1", kaniko_pod.Order(parse("registry.example.com/models:m-A"), {}))["spec"]
    items = [{"key": ".dockerconfigjson", "path": "config.json"}]
    sources = [{"configMap": {"name": "docker-config"}}, {"secret": {"name": "registry", "items": items}}]
    assert spec["volumes"] == [{"name": "docker-config", "projected": {"sources": sources}}]
    assert spec["containers"][0]["volumeMounts"] == [{"name": "docker-config", "mountPath": "/kaniko/.docker"}]
