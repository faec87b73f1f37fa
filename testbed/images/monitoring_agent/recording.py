"""Where a message goes that was read, and what the agent says besides."""

import json
import sys
from pathlib import Path

MESSAGES = Path("/var/log/agent/messages.jsonl")


def record(body: bytes) -> None:
    """Write a message as one line of JSON, to `MESSAGES` and to standard output."""
    try:
        content = json.loads(body)
    except ValueError:
        content = {"unreadable": body.decode("utf-8", "backslashreplace")}
    line = json.dumps(content)
    with MESSAGES.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    print(line, flush=True)


def say(text: str) -> None:
    """Write one line to standard error."""
    print(f"monitoring-agent: {text}", file=sys.stderr, flush=True)
