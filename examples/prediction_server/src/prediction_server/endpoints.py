"""What a model answers: its predictions, what it is, whether it is well. Requests in, answers out."""

import math
import time
from dataclasses import replace

from prediction_server.catalog import NotServingError
from prediction_server.exchange import (
    HttpError,
    Request,
    Response,
    json_response,
    model_header,
    problem,
    read_all,
)
from prediction_server.faults import Faults
from prediction_server.models import RecordError
from prediction_server.monitoring import PredictionReport, Reporter
from prediction_server.rows import read_records
from prediction_server.serving import Serving

LONGEST_DELAY = 30.0
LARGEST_BODY = 50_000_000


def predictions(serving: Serving, request: Request, largest_body: int, reporter: Reporter | None) -> Response:
    """Score the records in the request's body (`largest_body` bytes at most) and report it.

    `?delay=SECONDS` makes the answer wait, on top of what the faults say.
    """
    faults = serving.faults
    header = model_header(serving.model_id)
    began = time.monotonic()
    try:
        delay = _delay(request)
        records = read_records(read_all(request.body, largest_body), request.content_type)
        scores = serving.package.model.score(records)
        answer = json_response(
            200,
            {
                "data": [{"prediction": score, "rowId": row} for row, score in enumerate(scores)],
                "deploymentId": serving.deployment_id,
                "modelId": serving.model_id,
            },
            header,
        )
    except HttpError as error:
        return problem(error.status, str(error), header)
    except RecordError as error:
        return problem(400, str(error), header)
    except ValueError:
        return problem(400, "a prediction for these records is no finite number", header)
    if reporter is not None:
        milliseconds = (time.monotonic() - began) * 1000
        reporter.report(PredictionReport(serving.deployment_id, serving.model_id, len(records), milliseconds))
    return replace(answer, delay_seconds=delay + faults.predict_seconds, hangs=faults.hang_predictions)


def _delay(request: Request) -> float:
    written = request.query.get("delay", "0")
    try:
        delay = float(written)
    except ValueError:
        delay = math.nan
    if not 0 <= delay <= LONGEST_DELAY:
        raise HttpError(400, f"delay is a number of seconds from 0 to {LONGEST_DELAY:.0f}")
    return delay


def info(serving: Serving) -> Response:
    """Tell what the model is."""
    return json_response(
        200,
        {
            "deploymentId": serving.deployment_id,
            "modelId": serving.model_id,
            "kind": serving.package.kind,
            "features": serving.package.features,
            "packageSha256": serving.package.sha256,
        },
        model_header(serving.model_id),
    )


def ping(faults: Faults, *, loading: bool, model_id: str | None = None) -> Response:
    """Tell whether the server, or one model, is well."""
    header = {} if model_id is None else model_header(model_id)
    if faults.hang_ping:
        return Response(200, b"", hangs=True)
    if loading:
        return problem(503, "the server is loading its model", header)
    if faults.fail_ping:
        return problem(503, "the health check fails, as it was told to", header)
    return json_response(200, {"response": "pong"}, header)


def not_serving(error: NotServingError) -> Response:
    """Tell that a deployment is there but does not answer: not yet, or never."""
    return problem(503, str(error), {"Retry-After": "1"}) if error.loading else problem(500, str(error))
