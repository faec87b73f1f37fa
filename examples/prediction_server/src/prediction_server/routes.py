"""Which request means what, in each of the two modes."""

import time
import urllib.parse
from dataclasses import dataclass

from prediction_server import __version__
from prediction_server.catalog import Catalog, NotServingError
from prediction_server.endpoints import LARGEST_BODY, info, not_serving, ping, predictions
from prediction_server.exchange import HttpError, Request, Response, json_response, pieces, problem
from prediction_server.faults import Faults
from prediction_server.monitoring import Reporter
from prediction_server.packages import PackageError
from prediction_server.serving import NoDeploymentError, Serving
from prediction_server.store import ModelStore, UnusableIdError


@dataclass(frozen=True)
class SingleModel:
    """Answers for one model: POST /predictions, GET /info, GET /ping."""

    serving: Serving
    largest_body: int = LARGEST_BODY
    reporter: Reporter | None = None

    def __call__(self, request: Request) -> Response:
        """Return the answer to `request`."""
        serving = self.serving
        loading = not serving.is_ready()
        match _parts(request.path):
            case ["ping"]:
                _only(request, "GET")
                return ping(serving.faults, loading=loading, model_id=serving.model_id)
            case ["info" | "predictions"] if loading:
                return problem(503, "the server is loading its model", {"Retry-After": "1"})
            case ["info"]:
                _only(request, "GET")
                return info(serving)
            case ["predictions"]:
                _only(request, "POST")
                return predictions(serving, request, self.largest_body, self.reporter)
            case _:
                raise _unknown(request)


@dataclass(frozen=True)
class ManyModels:
    """Answers for every deployment of a catalog, and takes models in and out where it has a store.

    Args:
        catalog: finds the deployments.
        faults: those of the server as a whole.
        ready_at: the reading of the monotonic clock, in seconds, from which on the server answers.
        store: where models are put; None means that POST and DELETE are not allowed.
        largest_body: of a prediction request, in bytes.
        reporter: takes what is to be monitored.
    """

    catalog: Catalog
    faults: Faults
    ready_at: float
    store: ModelStore | None = None
    largest_body: int = LARGEST_BODY
    reporter: Reporter | None = None

    def __call__(self, request: Request) -> Response:
        """Return the answer to `request`."""
        loading = time.monotonic() < self.ready_at
        parts = _parts(request.path)
        if parts == ["ping"]:
            _only(request, "GET")
            return ping(self.faults, loading=loading)
        if loading:
            return problem(503, "the server is loading", {"Retry-After": "1"})
        try:
            match parts:
                case ["info"]:
                    _only(request, "GET")
                    return self._server_info()
                case ["deployments"]:
                    _only(request, "GET")
                    return self._listing()
                case ["deployments", name]:
                    return self._change(request, name)
                case ["deployments", name, what]:
                    return self._deployment(request, name, what)
                case _:
                    raise _unknown(request)
        except NoDeploymentError as error:
            raise HttpError(404, str(error)) from None
        except NotServingError as error:
            return not_serving(error)
        except (UnusableIdError, PackageError) as error:
            raise HttpError(400, str(error)) from None

    def _deployment(self, request: Request, name: str, what: str) -> Response:
        match what:
            case "predictions":
                _only(request, "POST")
                return predictions(self.catalog.find(name), request, self.largest_body, self.reporter)
            case "info":
                _only(request, "GET")
                return info(self.catalog.find(name))
            case "ping":
                _only(request, "GET")
                serving = self.catalog.find(name)
                return ping(serving.faults, loading=False, model_id=serving.model_id)
            case _:
                raise _unknown(request)

    def _change(self, request: Request, name: str) -> Response:
        if self.store is None:
            raise HttpError(405, "models are not taken in or out by HTTP here", {"Allow": ""})
        _only(request, "POST", "DELETE")
        if request.method == "DELETE":
            self.store.remove(name)
            return json_response(200, {"id": name})
        if "modelId" not in request.query:
            raise HttpError(400, "the query parameter modelId is missing")
        self.store.put(
            name,
            deployment_id=request.query.get("deploymentId", name),
            model_id=request.query["modelId"],
            package=pieces(request.body),
        )
        return json_response(201, self._entry(name))

    def _server_info(self) -> Response:
        payload = {"version": __version__, "deployments": len(self.catalog.names())}
        return json_response(200, payload)

    def _listing(self) -> Response:
        return json_response(200, {"deployments": [self._entry(name) for name in self.catalog.names()]})

    def _entry(self, name: str) -> dict[str, object]:
        try:
            serving = self.catalog.find(name)
        except NotServingError as error:
            status = "loading" if error.loading else "failing"
            return {"id": name, "status": status, "message": str(error)}
        except NoDeploymentError as error:
            # It went between the listing and the look.
            return {"id": name, "status": "gone", "message": str(error)}
        ids = {"deploymentId": serving.deployment_id, "modelId": serving.model_id}
        return {"id": name, "status": "ready", **ids}


def _parts(path: str) -> list[str]:
    return [urllib.parse.unquote(part) for part in path.removesuffix("/").split("/")[1:]]


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        allowed = ", ".join(methods)
        raise HttpError(405, f"{request.method} is not allowed here, only {allowed}", {"Allow": allowed})


def _unknown(request: Request) -> HttpError:
    return HttpError(404, f"there is nothing at {urllib.parse.unquote(request.path)}")
