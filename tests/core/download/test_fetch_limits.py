"""A fetch within its limits: of size, of time, of tries."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest
from package_server import (
    CONTENT,
    HALF,
    Handler,
    Reply,
    Start,
    Web,
    digest,
    refusal,
    stall_after_half,
    what,
    whole,
)


def test_a_package_above_the_size_limit_is_refused_before_it_is_read(web: Web, start: Start, staged: Path) -> None:
    web.replies = [lambda handler: handler.head(200, Content_Length=10**15)]

    assert what(start(web.url(), download_limit=1000)) == (
        "failing",
        f"{web.url()} has {10**15} bytes, more than 1000 may be fetched; raise --download-limit",
    )
    assert list(staged.iterdir()) == []


def test_a_body_that_grows_above_the_size_limit_is_cut(web: Web, start: Start, staged: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.head(200)
        while not web.over.is_set():
            handler.wfile.write(CONTENT)

    web.replies = [endless]

    assert what(start(web.url(), download_limit=10**7)) == (
        "failing",
        f"{web.url()} has more than {10**7} bytes, more than {10**7} may be fetched; raise --download-limit",
    )
    assert list(staged.iterdir()) == []


def stall_at_once(handler: Handler) -> None:
    handler.server.over.wait(30)


def stall_in_the_head(handler: Handler) -> None:
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"X")


def stall_without_a_length(handler: Handler) -> None:
    handler.head(200)
    handler.wfile.write(CONTENT[:HALF])
    handler.server.over.wait(30)


@pytest.mark.parametrize("stall", [stall_at_once, stall_in_the_head, stall_after_half, stall_without_a_length])
def test_a_server_that_stalls_is_given_up_when_the_time_is_up(web: Web, start: Start, stall: Reply) -> None:
    web.replies = [stall]
    began = time.monotonic()

    status, message = what(start(web.url(), download_timeout=0.4))

    assert status == "failing"
    assert message.startswith(f"{web.url()} did not come within 0.4 s: ")
    assert message.endswith("raise --download-timeout, or try again")
    assert time.monotonic() - began < 5


def test_a_body_that_ends_short_is_an_error_after_six_tries(web: Web, start: Start) -> None:
    web.replies = [whole(upto=HALF)]

    status, message = what(start(web.url()))

    assert (status, message) == (
        "failing",
        f"{web.url()} did not come in 6 tries: the connection was cut after {HALF} of {len(CONTENT)} bytes "
        f"({HALF} bytes are kept for the next try); try again",
    )
    assert len(web.requests) == 6


def test_a_connection_that_is_cut_before_the_head_is_tried_again(web: Web, start: Start) -> None:
    web.replies = [lambda handler: None, whole()]

    assert start(web.url())["data"]["digest"] == digest()


def test_a_busy_server_is_asked_again_after_the_time_it_names(web: Web, start: Start) -> None:
    web.replies = [refusal(503, Retry_After=1), refusal(429, Retry_After=formatdate(0, usegmt=True)), whole()]
    began = time.monotonic()

    document = start(web.url())

    assert document["data"]["digest"] == digest()
    assert 1 <= time.monotonic() - began < 5


def test_a_server_that_is_busy_for_longer_than_the_limit_is_not_waited_for(web: Web, start: Start) -> None:
    web.replies = [refusal(503, Retry_After=100)]

    assert what(start(web.url(), download_timeout=50)) == (
        "failing",
        f"{web.url()} did not come within 50 s: the server is busy (503) (nothing is kept); "
        "raise --download-timeout, or try again",
    )
