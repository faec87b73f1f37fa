"""A lease over four verbs: taken, renewed, lost, given back; whoever dies, is silent, or waits."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from bosun_core.lease import Lease, LeaseTimes, leased
from hypothesis import given
from hypothesis import strategies as st

from bosun_core import EnvironmentFailure, Interruption, signals

QUICK = LeaseTimes(limit=5.0, renewal=0.02, expiry=0.3)
IN_VAIN = LeaseTimes(limit=0.3, renewal=0.02, expiry=10.0)
WHAT = "deployment d1"


class MemoryStore:
    """A store in memory; `lost_answers` of the next writes are carried out, but said to have met another version."""

    def __init__(self) -> None:
        self.content: tuple[bytes, str] | None = None
        self.is_down = False
        self.lost_answers = 0
        self.writes = 0
        self._versions = map(str, itertools.count(1))
        self._guard = threading.Lock()

    def create(self, content: bytes) -> str | None:
        return self._write(content, None)

    def replace(self, content: bytes, version: str) -> str | None:
        return self._write(content, version)

    def read(self) -> tuple[bytes, str] | None:
        self._reach()
        return self.content

    def delete(self, version: str) -> bool:
        self._reach()
        with self._guard:
            is_same = self.content is not None and self.content[1] == version
            if is_same:
                self.content = None
            return is_same

    def _write(self, content: bytes, version: str | None) -> str | None:
        self._reach()
        with self._guard:
            if (self.content and self.content[1]) != version:
                return None
            self.content = (content, next(self._versions))
            self.writes += 1
            if self.lost_answers:
                self.lost_answers -= 1
                return None
            return self.content[1]

    def _reach(self) -> None:
        if self.is_down:
            raise EnvironmentFailure("the store cannot be reached")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def held(store: MemoryStore) -> Lease:
    lease = Lease(store, WHAT)
    assert lease.take()
    return lease


def of_another_machine(store: MemoryStore) -> Lease:
    """A lease whose owner this machine knows nothing of, and that is silent from now on."""
    lease = held(store)
    assert store.content is not None
    said = json.loads(store.content[0]) | {"owner": "elsewhere/pid:[1] 7 7"}
    store.content = (json.dumps(said).encode(), store.content[1])
    return lease


def wait_in_vain(store: MemoryStore) -> None:
    with leased(store, IN_VAIN, WHAT):
        pass


def test_a_free_lease_is_taken_at_once_and_given_back(store: MemoryStore) -> None:
    with leased(store, QUICK, WHAT):
        assert store.content is not None

    assert store.content is None


def test_a_lease_is_renewed_while_it_is_held(store: MemoryStore, until: Callable[..., object]) -> None:
    with leased(store, QUICK, WHAT) as lease:
        until(lambda: store.writes > 3, pause=0.01)
        lease.verify()


def test_a_dead_owner_of_this_machine_is_not_waited_for(store: MemoryStore) -> None:
    said = subprocess.check_output(
        [sys.executable, "-c", "from bosun_core import holders; print(holders.this_process())"], text=True
    )
    store.create(json.dumps({"owner": said.strip(), "lease": "x"}).encode())

    with leased(store, IN_VAIN, WHAT) as lease:
        lease.verify()


def test_a_silent_owner_elsewhere_is_waited_for_until_its_lease_expires(store: MemoryStore) -> None:
    of_another_machine(store)
    began = time.monotonic()

    with leased(store, QUICK, WHAT) as lease:
        assert time.monotonic() - began >= QUICK.expiry
        lease.verify()


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"null", b'{"owner": 7}', b'{"owner": "x"}', b"\xff"])
def test_a_lease_that_says_nothing_expires_as_a_silent_one_does(store: MemoryStore, content: bytes) -> None:
    store.create(content)

    with pytest.raises(EnvironmentFailure, match=r"another action on deployment d1 has not ended within 0\.3 s"):
        wait_in_vain(store)
    with leased(store, QUICK, WHAT) as lease:
        lease.verify()


def test_an_owner_that_renews_keeps_its_lease_however_long_somebody_waits(store: MemoryStore) -> None:
    times = LeaseTimes(limit=3 * QUICK.expiry, renewal=QUICK.renewal, expiry=QUICK.expiry)
    with leased(store, QUICK, WHAT) as lease:
        with pytest.raises(EnvironmentFailure, match="has not ended within"), leased(store, times, WHAT):
            pass
        lease.verify()


def test_an_owner_that_wakes_up_after_its_lease_was_taken_must_not_write(store: MemoryStore) -> None:
    sleeper = of_another_machine(store)

    with leased(store, QUICK, WHAT) as lease:
        for _ in range(2):
            with pytest.raises(EnvironmentFailure, match="lost the lock on deployment d1: it expired"):
                sleeper.verify()
        sleeper.release()
        lease.verify()

    assert store.content is None


def test_an_owner_that_was_silent_goes_on_where_nobody_has_taken_its_lease(store: MemoryStore) -> None:
    sleeper = of_another_machine(store)
    store.is_down = True
    with pytest.raises(EnvironmentFailure, match="cannot be reached"):
        sleeper.verify()
    store.is_down = False

    sleeper.verify()


def test_a_wait_in_vain_changes_nothing_and_names_what_it_waited_for(store: MemoryStore) -> None:
    of_another_machine(store)
    before = store.content

    with pytest.raises(EnvironmentFailure, match=r"^another action on deployment d1 has not ended within 0\.3 s; run"):
        wait_in_vain(store)

    assert store.content == before


def test_a_release_of_what_is_not_held_touches_nobodys_lease(store: MemoryStore) -> None:
    held(store)
    before = store.content
    waiting = Lease(store, WHAT)
    assert not waiting.take()

    waiting.release()
    Lease(store, WHAT).release()

    assert store.content == before


def test_a_released_lease_may_be_released_again_and_is_not_renewed(store: MemoryStore) -> None:
    lease = held(store)
    lease.release()
    lease.release()
    other = held(store)

    lease.verify()

    other.verify()
    assert store.writes == 3


def test_what_a_block_raises_is_not_replaced_by_a_release_that_fails(store: MemoryStore) -> None:
    def act() -> None:
        with leased(store, QUICK, WHAT):
            store.is_down = True
            raise EnvironmentFailure("what the action met")

    with pytest.raises(EnvironmentFailure, match=r"^what the action met$"):
        act()


def test_an_action_that_is_done_does_not_fail_by_its_release(store: MemoryStore) -> None:
    with leased(store, QUICK, WHAT):
        store.is_down = True


def test_two_that_wait_at_once_have_the_lease_one_after_the_other(store: MemoryStore) -> None:
    of_another_machine(store)
    inside, most, done = 0, 0, []

    def work() -> None:
        nonlocal inside, most
        with leased(store, QUICK, WHAT) as lease:
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            lease.verify()
            inside -= 1
            done.append(None)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (most, len(done)) == (1, 4)


@pytest.mark.parametrize("verb", ["take", "take an expired one", "verify", "release"])
def test_an_answer_that_is_lost_costs_no_lease(store: MemoryStore, verb: str) -> None:
    if verb == "take an expired one":
        of_another_machine(store)
        version = store.content[1] if store.content else None
        store.lost_answers = 1
        lease = Lease(store, WHAT)
        assert lease.take(version)
    elif verb == "take":
        store.lost_answers = 1
        lease = held(store)
    else:
        lease = held(store)
        store.lost_answers = 1

    if verb != "release":
        lease.verify()
    lease.release()

    assert store.content is None


@pytest.fixture
def signals_heeded() -> Iterator[None]:
    yield
    assert not signals._Held.depth


class Interrupting(MemoryStore):
    """A store where a signal comes as the content is written, before the answer is taken note of."""

    is_interrupting = False

    def _write(self, content: bytes, version: str | None) -> str | None:
        answer = super()._write(content, version)
        if self.is_interrupting and answer is not None:
            self.is_interrupting = False
            signals.interrupt(Interruption("SIGTERM came"))
        return answer


@pytest.mark.parametrize("is_waiting", [False, True], ids=["free", "after a wait"])
def test_a_signal_as_the_lease_is_taken_leaves_none(signals_heeded: None, is_waiting: bool) -> None:
    store = Interrupting()
    if is_waiting:
        of_another_machine(store)
    store.is_interrupting = True

    with pytest.raises(Interruption), leased(store, QUICK, WHAT):
        pass

    assert store.content is None


def test_a_signal_as_the_lease_is_renewed_does_not_lose_it(signals_heeded: None) -> None:
    store = Interrupting()
    lease = held(store)
    store.is_interrupting = True
    with pytest.raises(Interruption):
        lease.verify()

    lease.verify()
    lease.release()

    assert store.content is None


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["take", "verify", "release", "expire"])), max_size=30))
def test_whatever_three_do_at_most_one_can_write(actions: list[tuple[int, str]]) -> None:
    store = MemoryStore()
    leases = [Lease(store, WHAT) for _ in range(3)]
    owner: int | None = None
    for who, what in actions:
        lease = leases[who]
        if what == "take" and owner != who:
            assert lease.take() == (owner is None)
            owner = who if owner is None else owner
        elif what == "expire" and owner not in (None, who) and store.content is not None:
            assert lease.take(store.content[1])
            owner = who
        elif what == "release":
            lease.release()
            owner = None if owner == who else owner
        elif what == "verify" and owner == who:
            lease.verify()
        assert (store.content is None) == (owner is None)
