"""Requests on connections that were idle are answered, although the model's server closes its own after a short while.

Most servers do: uvicorn and Node after 5 s, gunicorn after 2 s. One that closes them after 1 s is as good, and sooner.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archive_making import zipped
from model_kinds import CUSTOM

pytestmark = pytest.mark.docker

BOSUN_LOAD = Path(sys.executable).with_name("bosun-load")
KEEP_ALIVE_SECONDS = 1
CLIENTS = 80  # the more ask at once, the more connections the server closes at once, and the longer that takes
SECONDS = 12
# On one event loop, as uvicorn and Node work; the standard library's threaded server is never between two requests.
SERVER = f"""\
import asyncio, re

class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.received = transport, b""
        self.become_idle()

    def become_idle(self):
        self.timer = asyncio.get_running_loop().call_later({KEEP_ALIVE_SECONDS}, self.transport.close)

    def data_received(self, data):
        self.timer.cancel()
        self.received += data
        head, complete, body = self.received.partition(b"\\r\\n\\r\\n")
        length = re.search(rb"(?i)content-length: *(\\d+)", head)
        if complete and len(body) >= int(length[1] if length else 0):
            self.received = b""
            self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{{}}")
            self.become_idle()

    def connection_lost(self, error):
        self.timer.cancel()

async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "0.0.0.0", 8080)
    await server.serve_forever()

asyncio.run(main())
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_request_fails_as_the_server_closes_idle_connections(
    place: Any, act: Callable[..., Any], certificate: dict[str, str], tmp_path: Path, scheme: str
) -> None:
    place.clear()
    base = place.variables["BOSUN_TEST_PYTHON_IMAGE"]
    dockerfile = f'FROM {base}\nCOPY server.py /\nCMD ["python3", "/server.py"]\n'
    context = tmp_path / "context.zip"
    context.write_bytes(zipped(("Dockerfile", dockerfile.encode()), ("server.py", SERVER.encode())))
    settings = {"outfacingPredictionURLPrefix": f"{scheme}://127.0.0.1:{place.port}"}
    if scheme == "https":
        settings |= certificate
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": str(context)}
    status = act("deployment_start", info, **settings)
    assert status["status"] == "passing", status
    words = [f"--pause={KEEP_ALIVE_SECONDS}", f"--clients={CLIENTS}", f"--seconds={SECONDS}"]
    done = subprocess.run(
        [BOSUN_LOAD, *words, status["data"]["predictionUrl"]],
        capture_output=True,
        text=True,
        timeout=90,
        env={**os.environ, "SSL_CERT_FILE": certificate["traefikCertificate"]},
    )
    print(done.stdout, done.stderr)
    requests = re.match(r"(\d+) requests", done.stdout)
    assert requests is not None
    assert int(requests[1]) >= CLIENTS * SECONDS / (KEEP_ALIVE_SECONDS + 1)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "failed: 0")
    place.clear()
