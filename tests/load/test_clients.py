"""Load counts what failed, and knows which model answered when."""

import itertools
import threading
from contextlib import contextmanager

import pytest
from bosun_test.load.bursts import Bursts, sweep
from bosun_test.load.clients import Load, Sample, percentile


class Service:
    """Answers by its model; every n-th request fails where `fails_every` says so."""

    def __init__(self):
        self.model = "A"
        self.fails_every = 0
        self.connections = itertools.count()
        self._requests = itertools.count(1)

    @contextmanager
    def client(self):
        next(self.connections)
        yield self.ask

    def ask(self):
        if self.fails_every and next(self._requests) % self.fails_every == 0:
            raise ConnectionResetError("the old one went away")
        return self.model


@pytest.fixture
def service():
    return Service()


def test_every_request_is_a_sample_and_none_failed(service):
    with Load(service.ask, threads=2) as load:
        assert load.flowing()
        assert load.goes_on(100, limit=10)
    assert len(load.samples) >= 100
    assert load.failed() == []
    assert load.answered_by("A") == load.samples
    assert all(sample.seconds >= 0 and sample.began >= 0 for sample in load.samples)


def test_failures_are_counted_with_their_reason(service):
    service.fails_every = 5
    with Load(service.ask, threads=1) as load:
        assert load.goes_on(40, limit=10)
    failed = load.failed()
    assert {sample.fault for sample in failed} == {"ConnectionResetError: the old one went away"}
    assert {sample.model for sample in failed} == {None}
    assert len(failed) == len(load.samples) // 5


def test_a_client_that_keeps_its_connection_connects_once_and_again_after_a_failure(service):
    with Load(service.ask, threads=0, kept_open=[service.client]) as load:
        assert load.goes_on(20, limit=10)
    assert next(service.connections) == 1
    service.fails_every = 5
    with Load(service.ask, threads=0, kept_open=[service.client]) as load:
        assert load.goes_on(20, limit=10)
    failures = len(load.failed())
    assert next(service.connections) - 2 in (failures, failures + 1)  # the last request of all may have failed


def test_which_model_answered_after_a_mark_is_known(service):
    with Load(service.ask, threads=2) as load:
        assert load.goes_on(20, limit=10)
        service.model = "B"
        switched = load.mark("B serves")
        assert load.goes_on(20, limit=10)
    assert load.marks == [(switched, "B serves")]
    assert load.answered_by("A", since=switched) == []
    assert {sample.model for sample in load.samples if sample.began >= switched} == {"B"}
    assert len(load.answered_by("A")) >= 18  # of each client, one request may have been under way at the switch


def test_a_late_answer_of_the_old_model_is_found(service):
    with Load(service.ask, threads=1) as load:
        switched = load.mark("B serves")
        assert load.goes_on(1, limit=10)
    assert {sample.model for sample in load.answered_by("A", since=switched)} == {"A"}


def test_waiting_for_answers_since_a_time_counts_no_earlier_ones(service):
    with Load(service.ask, threads=1) as load:
        later = load.mark("now") + 0.05
        assert load.goes_on(10, limit=10, since=later)
    assert len([sample for sample in load.samples if sample.began >= later]) >= 10


def test_where_nothing_answers_any_more_waiting_has_an_end(service):
    service.fails_every = 1
    with Load(service.ask, threads=1, limit=1000) as load:
        assert not load.goes_on(1, limit=0.05)


def test_no_more_requests_are_sent_than_the_limit(service):
    with Load(service.ask, threads=1, limit=50) as load:
        load.goes_on(1000, limit=10)
    assert len(load.samples) == 50


def test_with_pauses_all_clients_ask_at_once_and_wait_after_the_last_answer(service):
    with Load(service.ask, threads=0, kept_open=[service.client] * 8, pauses=[0.2, 0.3]) as load:
        assert load.goes_on(24, limit=10)
    assert next(service.connections) == 8
    bursts = [load.samples[first : first + 8] for first in (0, 8, 16)]
    ended = [max(one.began + one.seconds for one in burst) for burst in bursts]
    gaps = [burst[0].began - end for burst, end in zip(bursts[1:], ended, strict=False)]
    assert [0.2 <= gaps[0] < 0.3, 0.3 <= gaps[1] < 0.5] == [True, True], gaps


def test_a_failure_in_a_burst_keeps_nobody_from_the_next_one(service):
    service.fails_every = 5
    with Load(service.ask, threads=4, pauses=[0.01]) as load:
        assert load.goes_on(40, limit=10)
    assert len(load.failed()) == len(load.samples) // 5


def test_a_load_that_ends_in_a_pause_ends_at_once(service):
    began = threading.Event()
    with Load(lambda: began.set() or "A", threads=4, pauses=[60]) as load:
        assert began.wait(10)
        assert load.goes_on(4, limit=1) or len(load.samples) == 4
    assert len(load.samples) == 4


def test_bursts_end_when_one_client_leaves():
    bursts = Bursts(2, [60], threading.Event())
    bursts.leave()
    assert not bursts.together()


def test_a_sweep_has_every_pause_around_a_time_once_and_the_parts_of_the_range_early():
    pauses = sweep(5)
    assert sorted(round(pause, 3) for pause in pauses) == [round(4.95 + 0.002 * step, 3) for step in range(31)]
    assert max(pauses[:8]) - min(pauses[:8]) > 0.04


@pytest.mark.parametrize(("share", "seconds"), [(0.0, 1.0), (0.5, 6.0), (0.99, 10.0), (1.0, 10.0)])
def test_a_percentile_is_the_latency_that_this_share_did_not_exceed(share, seconds):
    samples = [Sample(0.0, float(number), "A", None) for number in (3, 1, 2, 10, 4, 9, 5, 8, 6, 7)]
    assert percentile(samples, share) == seconds
    assert percentile([], share) == 0.0
