"""What scales a deployment with its load, and what keeps enough of it when nodes are emptied. Pure."""

from __future__ import annotations

from typing import Any

from bosun_k8s import names
from bosun_k8s.documents import pod
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal

Document = dict[str, Any]

_TARGET_CPU = 80  # percent of what is requested


def autoscaler(env: Environment, goal: Goal, generation: int, metadata: Document) -> Document | None:
    """Return the HorizontalPodAutoscaler of a generation; None where nothing asks for one."""
    values = goal.values
    if not values.scales:
        return None
    target = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": names.generation_name(env.id, goal.deployment_id, generation),
    }
    load = {"type": "Utilization", "averageUtilization": values.target_cpu or _TARGET_CPU}
    # The whole pod's load is not known where the agent beside the model requests no CPU.
    measured = {"name": "cpu", "container": pod.MODEL_CONTAINER, "target": load}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": {
            "scaleTargetRef": target,
            "minReplicas": values.first_replicas if values.min_replicas is None else values.min_replicas,
            "maxReplicas": values.max_replicas,
            "metrics": [{"type": "ContainerResource", "containerResource": measured}],
        },
    }


def budget(env: Environment, goal: Goal, metadata: Document) -> list[Document]:
    """Return the PodDisruptionBudget where there is more than one replica, or one is asked for; else nothing."""
    values = goal.values
    if values.min_available is None and values.first_replicas == 1:
        return []
    least: Document = {"maxUnavailable": 1}
    if values.min_available is not None:
        text = values.min_available
        least = {"minAvailable": int(text) if text.isdigit() else text}
    return [
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata,
            "spec": {**least, "selector": {"matchLabels": env.labels(goal.deployment_id)}},
        }
    ]
