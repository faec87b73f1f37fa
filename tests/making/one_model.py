"""The example prediction server with one model: what tests of it share."""

import http.client
import json
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prediction_server.launch import RunningServer

ROW = {"x": 1, "y": 2}


def package(path: Path, **manifest: Any) -> Path:
    """A package with predictions that one can work out: 10 + x + 2 y."""
    linear = {"kind": "linear", "features": ["x", "y"], "coefficients": [1, 2], "intercept": 10}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(linear | manifest))
    return path


def connect(server: RunningServer) -> "closing[http.client.HTTPConnection]":
    return closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30))
