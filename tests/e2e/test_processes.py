"""One process for each job, as an office starts them; killed, started again, ended in order."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import brokers
import pytest

from workflow.bus.broker import Message
from workflow.bus.kafka import Publisher

BIHUAN = [str(Path(sys.executable).with_name("bihuan"))]
JOBS = (["relay"], ["consume", "all"], ["collect"], ["clock"])
ROW = {
    "projectNo": "P1",
    "proDepart": "区人社局",
    "areaName": "张店区",
    "pf": "pad",
    "satisfaction": 1,
    "writingEvaluation": "又让我开证明",
    "mobile": "19900001234",
    "assessTime": "2021-09-16 09:30:00",
}


pytestmark = pytest.mark.column("kafka-sqlite")


@pytest.fixture
def surroundings(kafka, tmp_path):
    broker = brokers.fresh(kafka)
    return broker, told_of(broker, tmp_path)


def told_of(broker, folder):
    """The environment of processes of an office in this folder with this broker."""
    return {
        **os.environ,
        "BIHUAN_DATA": str(folder / "data"),
        "BIHUAN_KAFKA": broker.servers,
        "BIHUAN_KAFKA_PREFIX": broker.prefix,
        "BIHUAN_KAFKA_PARTITIONS": str(broker.partitions),
    }


def asked(environment, *command):
    done = subprocess.run(
        [*BIHUAN, *command], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def waits_for(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return found


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready") as answer:
            return json.load(answer)
    except urllib.error.URLError:
        return None


class Job(NamedTuple):
    process: subprocess.Popen[bytes]
    port: int


@contextmanager
def job(environment, *command):
    """Started; ended in order within ten seconds if it still runs then."""
    port = brokers.free_port()
    process = subprocess.Popen(
        [*BIHUAN, *command, "--health-port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield Job(process, port)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.long
@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
def test_each_job_a_process_killed_and_started_again(surroundings):
    broker, environment = surroundings
    assert asked(environment, "topics", "check")[0] == 2
    assert asked(environment, "topics", "create")[0] == 0
    assert asked(environment, "check")[0] == 0
    with all_jobs(environment) as killed:
        sends(broker, *(f"P{number}" for number in range(4)))
        for process in killed:
            process.kill()
            process.wait()
    with all_jobs(environment):
        sends(broker, "P4")
        waits_for(lambda: verifying(environment) == 5)
    parked = json.loads(asked(environment, "parked", "list", "--json")[1])
    assert [row["consumer"] for row in parked] == ["ratings"] * 5
    assert asked(environment, "check")[0] == 0


@pytest.mark.long
@pytest.mark.guarantee("G9")
def test_each_process_ends_in_time_beside_a_broker_that_is_frozen(tmp_path):
    with brokers.own() as (servers, container), ExitStack() as running:
        broker = brokers.fresh(servers)
        environment = told_of(broker, tmp_path)
        assert asked(environment, "topics", "create")[0] == 0
        running.enter_context(all_jobs(environment))
        sends(broker, "P0")
        waits_for(lambda: verifying(environment) == 1)
        with brokers.away(container, "pause"):
            time.sleep(2)
            running.close()
    assert asked(environment, "check")[0] == 0


@contextmanager
def all_jobs(environment):
    """They start beside one another, and are ready."""
    with ExitStack() as ending:
        jobs = [job(environment, *command) for command in JOBS]
        started = [ending.enter_context(one) for one in jobs]
        for one in started:
            waits_for(lambda one=one: ready(one.port))
        yield [one.process for one in started]


def sends(broker, *projects):
    """A rating of each, and beside it something that is none."""
    publisher = Publisher(broker)
    for project in projects:
        good = json.dumps({**ROW, "projectNo": project}).encode()
        headers = [("source", b"bihuan")]
        publisher.publish([Message("ratings", 0, b"", v, headers) for v in (good, b"{")])
    publisher.close()


def verifying(environment):
    """How many complaints the hotline has to verify."""
    code, text = asked(environment, "queue", "operator", "--json")
    return [row["task"] for row in json.loads(text)].count("核实") if code == 0 else 0
