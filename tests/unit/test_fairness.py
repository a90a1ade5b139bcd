"""Who may write next: people wait for the one who writes, and for no second one."""

import os
import threading
import time
from contextlib import contextmanager

import pytest

from workflow.errors import Busy
from workflow.storage.fairness import PATIENCE, PRESSED, Turnstile

HOLD = 0.01


@pytest.fixture
def database(tmp_path):
    return tmp_path / "bihuan.db"


@contextmanager
def another(database):
    """The turnstile of another process: file locks belong to the descriptors."""
    turnstile = Turnstile(database)
    yield turnstile
    turnstile.close()


class Busyness:
    """A process that writes much: as soon as it has written it asks again."""

    def __init__(self, database, *, patient=True):
        self.began, self._stop, self._patient = [], threading.Event(), patient
        self._thread = threading.Thread(target=self._run, args=(database,))

    def _run(self, database):
        with another(database) as turnstile:
            while not self._stop.is_set():
                with turnstile.held(10, patient=self._patient):
                    self.began.append(time.monotonic())
                    time.sleep(HOLD)

    def __enter__(self):
        self._thread.start()
        while not self.began:
            time.sleep(0.001)
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def test_of_two_that_write_without_a_rest_none_comes_between_a_person_and_the_next_turn(database):
    ahead = []
    with another(database) as person, Busyness(database) as first, Busyness(database) as second:
        for _ in range(40):
            asked = time.monotonic() + 0.002  # what began as she asked was there before her
            with person.held(10):
                began = (*first.began, *second.began)
                ahead.append(sum(asked < at for at in began))
            time.sleep(HOLD)
        turns = len(first.began), len(second.began)
    assert sum(ahead) <= 2, ahead  # one may slip in while the holder looks whether she waits
    assert min(turns) > max(turns) / 3, "the two take turns"


def test_a_thread_that_asks_for_itself_goes_before_the_patient_ones_of_its_process(database):
    order, asked = [], threading.Barrier(3)

    def asks(turnstile, name, patient, after):
        asked.wait()
        time.sleep(after)
        with turnstile.held(10, patient=patient):
            order.append(name)

    with another(database) as turnstile:
        threads = [
            threading.Thread(target=asks, args=(turnstile, "runner", True, 0.02)),
            threading.Thread(target=asks, args=(turnstile, "person", False, 0.05)),
        ]
        with turnstile.held(10):
            for thread in threads:
                thread.start()
            asked.wait()
            time.sleep(0.1)
            assert turnstile.contended
        for thread in threads:
            thread.join()
    assert order == ["person", "runner"]


def test_a_person_behind_a_patient_thread_of_the_same_process_makes_it_a_person(database):
    """Two of another process never leave the queue; theirs is no reason to wait for ever."""
    crowd = [Busyness(database, patient=False) for _ in range(2)]
    with another(database) as turnstile, crowd[0], crowd[1]:
        patient = threading.Thread(target=lambda: _once(turnstile, patient=True))
        began = time.monotonic()
        patient.start()
        time.sleep(0.005)
        _once(turnstile, patient=False)
        assert time.monotonic() - began < PATIENCE
        patient.join()


def test_patience_ends(database):
    crowd = [Busyness(database, patient=False) for _ in range(3)]
    with another(database) as turnstile, crowd[0], crowd[1], crowd[2]:
        began = time.monotonic()
        _once(turnstile, patient=True)
        assert time.monotonic() - began < 3 * PATIENCE


def test_every_process_knows_for_a_while_that_somebody_was_kept_waiting(database):
    with another(database) as runner, another(database) as importer, another(database) as person:
        _once(runner, patient=True)
        _once(person, patient=False)
        assert not runner.pressed, "nobody waited"
        waiting = threading.Thread(target=lambda: _once(person, patient=False))
        with runner.held(10, patient=True):
            waiting.start()
            while not runner.awaited:
                time.sleep(0.001)
        waiting.join()
        assert runner.pressed
        assert importer.pressed
        os.utime(f"{database}.queue", (0, time.time() - PRESSED))
        assert not importer.pressed


@pytest.mark.parametrize("patient", [True, False])
def test_a_queue_that_does_not_move_is_left_in_the_end(database, patient):
    with another(database) as one, another(database) as other, one.held(10):
        with pytest.raises(Busy), other.held(0.05, patient=patient):
            pass
        assert not one.contended


def _once(turnstile, *, patient):
    with turnstile.held(10, patient=patient):
        pass


def test_closed_twice_it_closes_nobody_elses_file(tmp_path):
    turnstile = Turnstile(tmp_path / "x.db")
    turnstile.close()
    with (tmp_path / "other").open("w") as other, (tmp_path / "another").open("w") as another:
        turnstile.close()
        for file in (other, another):
            file.write("still mine")
            file.flush()
