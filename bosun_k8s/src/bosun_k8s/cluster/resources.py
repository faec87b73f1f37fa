"""The verbs on the kinds of objects that we know, by the API server's REST paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from bosun_k8s import names
from bosun_k8s.cluster.connection import APPLY, MERGE, Cluster
from bosun_k8s.cluster.errors import Missing, TooOld

Document = dict[str, Any]

PAGE = 500
_RESTARTS = 5  # of a list whose pages were forgotten meanwhile


class Kind(NamedTuple):
    """A kind of object: where the API server has it."""

    name: str
    group: str
    version: str
    plural: str
    namespaced: bool = True

    @property
    def root(self) -> str:
        """The path of its group and version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def resource(self) -> str:
        """What kubectl and a Role call it, group included."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


DEPLOYMENT = Kind("Deployment", "apps", "v1", "deployments")
SERVICE = Kind("Service", "", "v1", "services")
SECRET = Kind("Secret", "", "v1", "secrets")
POD = Kind("Pod", "", "v1", "pods")
QUOTA = Kind("ResourceQuota", "", "v1", "resourcequotas")
ENDPOINTS = Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices")
INGRESS = Kind("Ingress", "networking.k8s.io", "v1", "ingresses")
INGRESS_CLASS = Kind("IngressClass", "networking.k8s.io", "v1", "ingressclasses", namespaced=False)
HTTP_ROUTE = Kind("HTTPRoute", "gateway.networking.k8s.io", "v1", "httproutes")
AUTOSCALER = Kind("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers")
BUDGET = Kind("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets")
LEASE = Kind("Lease", "coordination.k8s.io", "v1", "leases")

BY_NAME = {
    kind.name: kind for kind in (DEPLOYMENT, SERVICE, SECRET, INGRESS, HTTP_ROUTE, AUTOSCALER, BUDGET, LEASE, POD)
}


class Objects:
    """The objects of one namespace."""

    def __init__(self, cluster: Cluster, namespace: str, *, force: bool = False) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self._force = force

    def path(self, kind: Kind, name: str = "") -> str:
        """Return the path of a kind's objects, or of one."""
        place = f"/namespaces/{self.namespace}" if kind.namespaced else ""
        return f"{kind.root}{place}/{kind.plural}" + (f"/{name}" if name else "")

    def _doing(self, verb: str, kind: Kind, name: str = "") -> str:
        place = f" in namespace {self.namespace}" if kind.namespaced else ""
        return f"{verb} {kind.resource}{f' {name}' if name else ''}{place}"

    def get(self, kind: Kind, name: str) -> Document | None:
        """Return an object; None where it is not there."""
        try:
            return self.cluster.ask(self._doing("get", kind, name), "GET", self.path(kind, name))
        except Missing:
            return None

    def create(self, document: Document, *, dry_run: bool = False) -> Document:
        """Create an object.

        Raises:
            Taken: one of that name is there.
        """
        kind, name = BY_NAME[document["kind"]], document["metadata"]["name"]
        query = {"fieldManager": names.FIELD_MANAGER, **({"dryRun": "All"} if dry_run else {})}
        return self.cluster.ask(self._doing("create", kind, name), "POST", self.path(kind), body=document, query=query)

    def apply(self, document: Document, *, dry_run: bool = False) -> Document:
        """Bring an object to what the document says of it, by server-side apply.

        Raises:
            Taken: another field manager has set a field of it (unless forceConflicts is set).
        """
        kind, name = BY_NAME[document["kind"]], document["metadata"]["name"]
        query = {"fieldManager": names.FIELD_MANAGER, "force": str(self._force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        return self.cluster.ask(
            self._doing("patch", kind, name),
            "PATCH",
            self.path(kind, name),
            body=document,
            query=query,
            content_type=APPLY,
        )

    def merge(self, kind: Kind, name: str, change: Document) -> Document:
        """Change an object by a JSON Merge Patch; with a uid in it that very one only."""
        doing = self._doing("patch", kind, name)
        return self.cluster.ask(doing, "PATCH", self.path(kind, name), body=change, content_type=MERGE)

    def delete(self, kind: Kind, name: str, *, grace: int | None = None, **only: str) -> bool:
        """Delete an object, what it owns after it; False where it is not there. `only`: its uid, its resourceVersion.

        Raises:
            Taken: it is another one than `only` says, or was changed meanwhile.
        """
        options: Document = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if only:
            options["preconditions"] = only
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            self.cluster.request(self._doing("delete", kind, name), "DELETE", self.path(kind, name), body=options)
        except Missing:
            return False
        return True

    def listed(self, kind: Kind, selector: str = "", fields: str = "") -> list[Document]:
        """Return the objects that the selectors let through."""
        found: list[Document] = self.pages(kind, selector, fields, list[Document])
        return found

    def pages(
        self, kind: Kind, selector: str, fields: str, shape: Any, kept: Callable[[Any], Any] = lambda item: item
    ) -> list[Any]:
        """Return the items of a list, asked for page by page and decoded to `shape`, the type of a list of them.

        Of each item only what `kept` returns is held while the next page is asked for.
        Where the API server has forgotten the list's beginning it goes on in the state of now, or begins anew.
        """
        query = {"limit": str(PAGE)}
        query |= {"labelSelector": selector} if selector else {}
        query |= {"fieldSelector": fields} if fields else {}
        decoder = msgspec.json.Decoder(_page_of(shape))
        found: list[Any] = []
        restarts = 0
        while True:
            doing = self._doing("list", kind)
            try:
                answer = self.cluster.request(doing, "GET", self.path(kind), query=query)
            except TooOld as error:
                restarts += 1
                if restarts > _RESTARTS:
                    raise
                query["continue"] = error.next_page or ""
                if not error.next_page:
                    found.clear()
                continue
            page = self.cluster.read(answer, decoder)
            found += map(kept, page.items or [])
            if not page.metadata.next:
                return found
            query["continue"] = page.metadata.next
            del answer, page  # else there would be two of each

    def log(self, pod: str, container: str, lines: int, *, previous: bool = False) -> str:
        """Return the last lines of a container's log; empty where it has none."""
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        doing = f"get pods/log {pod} in namespace {self.namespace}"
        found = self.cluster.request(doing, "GET", f"{self.path(POD, pod)}/log", query=query, accept="*/*")
        return found.decode(errors="replace")

    def answer_of(self, pod: str, port: int, path: str, seconds: float) -> tuple[int, bytes] | None:
        """Return what a pod answers to a GET by the API server's way to pods, as `Cluster.asked_once` does."""
        doing = f"get pods/proxy {pod} in namespace {self.namespace}"
        return self.cluster.asked_once(doing, f"{self.path(POD, pod)}:{port}/proxy{path}", seconds)


class _Continue(msgspec.Struct):
    next: str = msgspec.field(default="", name="continue")


def _page_of(shape: Any) -> Any:
    return msgspec.defstruct("Page", [("metadata", _Continue), ("items", shape | None, None)])
