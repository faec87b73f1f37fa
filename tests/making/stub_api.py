"""What a kubeconfig may lead to that is no API server in order: one that answers as it is told to, or never."""

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

Replies = Callable[[str, str, str], tuple[int, bytes]]
"""Takes method, path and credentials, returns status and content."""


@contextmanager
def answering(reply: Replies) -> Iterator[str]:
    """Run an HTTP server that answers so; yields its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = reply(self.command, self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  # so http.server has it

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """Accept connections and never answer; yields the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def write_kubeconfig(path: Path, server: str) -> Path:
    """Write a kubeconfig whose context `bosun` leads to a server."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "token-of-a-test"}}],
        "contexts": [{"name": "bosun", "context": {"cluster": "c", "user": "u", "namespace": "models"}}],
        "current-context": "bosun",
    }
    path.write_text(yaml.safe_dump(document))
    return path
