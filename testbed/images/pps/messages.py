"""A report of one prediction request as the message that the monitoring agent reads."""

import json
import sys
import time

from prediction_server.monitoring import PredictionReport


def message(report: PredictionReport) -> bytes:
    """Return the message, one JSON object."""
    return json.dumps(
        {
            "type": "prediction",
            "deploymentId": report.deployment_id,
            "modelId": report.model_id,
            "rows": report.rows,
            "milliseconds": round(report.milliseconds, 3),
            "timestamp": time.time_ns() // 1_000_000,
        }
    ).encode()


def say(text: str) -> None:
    """Write one line for whoever reads the container's log."""
    print(f"monitoring: {text}", file=sys.stderr, flush=True)
