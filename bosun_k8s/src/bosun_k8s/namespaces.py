"""Whether the namespace is there: to look into one that is not is no error to the API server, it just shows nothing."""

from __future__ import annotations

from bosun_k8s.cluster.errors import Missing, Refused
from bosun_k8s.cluster.resources import Objects


def check(objects: Objects) -> None:
    """Check that the namespace takes a new object.

    Raises:
        EnvironmentFailure: it does not.
    """
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "bosun-check"}}
    objects.create(lease, dry_run=True)


def check_is_there(objects: Objects) -> None:
    """Check that the namespace is there, whatever this user may do in it: for looks that found nothing.

    Raises:
        EnvironmentFailure: it is not, or the API server cannot be asked.
    """
    try:
        check(objects)
    except Missing:
        raise
    except Refused:
        return
