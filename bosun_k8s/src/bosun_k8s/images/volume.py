"""`volume`: no image is built; the package alone is an image that the kubelet mounts beside the base image."""

from __future__ import annotations

import json

from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources.sources import Packaged
from bosun_core.packages import Package
from bosun_core.reporting import progress

from bosun_k8s import names
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.documents import pod
from bosun_k8s.environment import Environment
from bosun_k8s.images.layer import Layer
from bosun_k8s.images.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST
from bosun_k8s.images.registry import Place

_ARCHITECTURES = ("amd64", "arm64", "ppc64le", "s390x")  # a node takes an image of its own alone


def check_offered(objects: Objects, env: Environment) -> None:
    """Check that the cluster keeps image volumes; one without the feature accepts and silently drops them.

    Raises:
        EnvironmentFailure: it does not.
    """
    found = objects.apply(trial(env), dry_run=True)
    volumes = found["spec"]["template"]["spec"].get("volumes") or [{}]
    if "image" not in volumes[0]:
        raise EnvironmentFailure(
            "imageBuilder is volume and this cluster drops image volumes (feature gate ImageVolume); turn it on, or "
            "set imageBuilder: append"
        )


def trial(env: Environment) -> pod.Document:
    """Return a Deployment that is never made, with an image volume."""
    labels = {names.MANAGED_BY: names.FIELD_MANAGER, names.APP: "bosun-trial"}
    image = env.settings.pps_base_image
    container = {
        "name": "trial",
        "image": image,
        "volumeMounts": [{"name": pod.PACKAGE_VOLUME, "mountPath": "/trial"}],
    }
    volume = {"name": pod.PACKAGE_VOLUME, "image": {"reference": image}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "bosun-trial", "namespace": env.namespace, "labels": labels},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": [volume]}},
        },
    }


def pushed(target: Place, source: Packaged[Package]) -> str:
    """Return the digest of an image of the package alone; one that is there already is not made again."""
    progress("making the image", 0)
    repository, tag = target.reference.repository, target.reference.tag
    annotations = {names.PACKAGE: source.sha256, names.ORIGIN: "package"}
    there = target.made_of(annotations)
    if there is not None:
        return there
    layer = Layer(source.package, source.path.rpartition("/")[2])
    digest = target.registry.upload(repository, layer.size, layer.pieces)
    descriptor = {"mediaType": OCI_LAYER, "digest": digest, "size": layer.size}
    entries = []
    for architecture in _ARCHITECTURES:
        config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest]}}
        content = json.dumps(config, sort_keys=True).encode()
        about = {
            "mediaType": OCI_CONFIG,
            "digest": target.registry.put_blob(repository, content),
            "size": len(content),
        }
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": about, "layers": [descriptor]}
        made, size = target.registry.put_manifest(repository, "", document)
        platform = {"architecture": architecture, "os": "linux"}
        entries.append({"mediaType": OCI_MANIFEST, "digest": made, "size": size, "platform": platform})
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, "annotations": annotations}
    return target.registry.put_manifest(repository, tag, index)[0]
