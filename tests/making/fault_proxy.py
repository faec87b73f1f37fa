"""A proxy before a real API server or registry that makes the faults that the real one will not."""

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
import yaml

GONE = {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old resource version"}

_OF_THE_CONNECTION = ("connection", "transfer-encoding", "date", "server", "content-encoding")


class Faults:
    """What is to go wrong, and how often it did."""

    def __init__(self) -> None:
        self.busy = 0
        """How many requests are still to be answered with 429."""
        self.expired_watches = 0
        self.expired_pages = 0
        self.cut_watches = 0
        self.unready_pods = 0
        """In how many lists that have ready pods these are still to be shown as unready."""
        self.loses_answers = False
        """Whether each change is made, but its answer does not come: the first time that it is asked for."""
        self._lost: set[tuple[str, str]] = set()
        self.happened: list[str] = []

    def loses(self, method: str, path: str) -> bool:
        """Have the answer to a change get lost, once."""
        asked = method, path.partition("?")[0].partition("/uploads/")[0]  # each upload has a path of its own
        is_change = method not in ("GET", "HEAD") and "dryRun=" not in path
        if not self.loses_answers or not is_change or asked in self._lost:
            return False
        self._lost.add(asked)
        self.happened.append(" ".join(asked))
        return True

    def take(self, name: str) -> bool:
        """Have one of a fault happen, if any is left."""
        left = int(getattr(self, name))
        if left:
            setattr(self, name, left - 1)
            self.happened.append(name)
        return bool(left)


@contextmanager
def before(kubeconfig: Path) -> Iterator[tuple[Faults, dict[str, Any]]]:
    """Run a proxy before the API server of a kubeconfig; yields its faults, and a kubeconfig that leads to it."""
    led = yaml.safe_load(kubeconfig.read_text())
    about = led["clusters"][0]["cluster"]
    authority = base64.b64decode(about["certificate-authority-data"]).decode()
    faults = Faults()
    with proxied(about["server"], faults, authority=authority) as address:
        led["clusters"][0]["cluster"] = {"server": f"http://{address}"}
        yield faults, led


@contextmanager
def proxied(
    server: str, faults: Faults, at: tuple[str, int] = ("127.0.0.1", 0), authority: str | None = None
) -> Iterator[str]:
    """Run a proxy before an HTTP server, with the faults; yields where, host and port."""
    pool = urllib3.PoolManager(ca_cert_data=authority, maxsize=20)
    running = http.server.ThreadingHTTPServer(at, _handler(server, faults, pool))
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"{at[0]}:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()
        pool.clear()


def _shown(content: bytes, faults: Faults) -> bytes:
    """Show an answer as it is, or the ready pods of a list as unready ones."""
    if not faults.unready_pods or b'"PodList"' not in content:
        return content
    document = json.loads(content)
    told = [one for pod in document["items"] for one in pod["status"].get("conditions", ()) if one["type"] == "Ready"]
    if not any(one["status"] == "True" for one in told) or not faults.take("unready_pods"):
        return content
    for one in told:
        one["status"] = "False"
    return json.dumps(document).encode()


def _handler(server: str, faults: Faults, pool: urllib3.PoolManager) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            body = self._body()
            watches, pages = "watch=true" in self.path, "continue=" in self.path
            if not watches and faults.take("busy"):
                self._send(429, b'{"message": "slow down"}', {"Retry-After": "1"})
                return
            if pages and faults.take("expired_pages"):
                self._send(410, json.dumps(GONE).encode(), {})
                return
            if watches and faults.take("expired_watches"):
                event = {"type": "ERROR", "object": GONE}
                self._send(200, json.dumps(event).encode() + b"\n", {})
                return
            passed_on = {key: value for key, value in self.headers.items() if key.lower() not in _OF_THE_CONNECTION}
            url = server + self.path
            answer = pool.request(
                self.command, url, body=body, headers=passed_on, preload_content=False, retries=False, redirect=False
            )
            if faults.loses(self.command, self.path):
                answer.close()
                self.close_connection = True
            elif watches:
                self._pass_on(answer, cut=faults.take("cut_watches"))
            else:
                self._send(answer.status, _shown(answer.data, faults), dict(answer.headers))

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # so http.server has it

        def _body(self) -> bytes | None:
            length = int(self.headers.get("Content-Length") or 0)
            return self.rfile.read(length) if length else None

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in headers.items():
                if key.lower() not in _OF_THE_CONNECTION and not (key.lower() == "content-length" and content):
                    self.send_header(key, value)
            if content or "content-length" not in {key.lower() for key in headers}:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _pass_on(self, answer: Any, *, cut: bool) -> None:
            self.close_connection = True
            self.send_response(answer.status)
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for piece in answer.stream(None):
                    if cut:
                        self.wfile.write(piece[: len(piece) // 2])
                        return
                    self.wfile.write(piece)
                    self.wfile.flush()
            except (OSError, urllib3.exceptions.HTTPError):
                pass  # who watched has gone
            finally:
                answer.close()

    return Handler
