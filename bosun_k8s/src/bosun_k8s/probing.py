"""Whether a deployment is reached from outside: its own URL is asked until the way to it has been learnt."""

from __future__ import annotations

import time

import urllib3
from bosun_core.log import debug
from bosun_core.reporting import progress

from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal

_ASK_AGAIN_SECONDS = 0.05  # a proxy tells nobody when it has learnt of a route
_CONNECT_SECONDS = 3.0
_NOT_YET = (404, 502, 503, 504)


def reached(env: Environment, goal: Goal) -> str:
    """Ask a deployment from outside until it answers, at most routeLimit; return what is wrong, empty where nothing is.

    Where nothing can be asked from here, or somebody wants credentials first, nothing is known, and only logged.
    """
    url = env.prediction_url(goal.deployment_id).removesuffix("/predictions") + goal.values.health_path
    limit = env.settings.route_limit
    progress("asking through the gateway", 0)
    deadline = time.monotonic() + limit
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=max(1.0, limit))
    with urllib3.PoolManager() as pool:
        while True:
            try:
                status = pool.request("GET", url, retries=False, redirect=False, timeout=timeout).status
            except urllib3.exceptions.HTTPError:
                debug(f"{url} cannot be asked from here, so the way to it was not tried")
                return ""
            if status not in _NOT_YET:
                debug(f"{url} answers {status}")
                return ""
            if time.monotonic() >= deadline:
                return (
                    f"{url} answers {status} after {limit:g} s (routeLimit); see that outfacingPredictionURLPrefix "
                    "leads to the ingress controller or gateway, and what it says of the route"
                )
            time.sleep(_ASK_AGAIN_SECONDS)
