"""One process for each job, as an office starts them; each is killed and started again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

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
    return broker, {
        **os.environ,
        "BIHUAN_DATA": str(tmp_path / "data"),
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


@contextmanager
def job(environment, *command):
    """Running, and ready; ended in order within ten seconds if it still runs then."""
    port = brokers.free_port()
    process = subprocess.Popen(
        [*BIHUAN, *command, "--health-port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        waits_for(lambda: ready(port))
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
def test_each_job_a_process_killed_and_started_again(surroundings):
    broker, environment = surroundings
    assert asked(environment, "topics", "check")[0] == 2
    assert asked(environment, "topics", "create")[0] == 0
    assert asked(environment, "check")[0] == 0
    publisher = Publisher(broker)
    for number, command in enumerate(JOBS):
        with job(environment, *command) as killed:
            good = json.dumps({**ROW, "projectNo": f"P{number}"}).encode()
            headers = [("source", b"bihuan")]
            publisher.publish([Message("ratings", 0, b"", v, headers) for v in (good, b"{")])
            killed.kill()
            killed.wait()
    publisher.close()
    with (
        job(environment, *JOBS[0]),
        job(environment, *JOBS[1]),
        job(environment, *JOBS[2]),
        job(environment, *JOBS[3]),
    ):
        waits_for(lambda: verifying(environment) == len(JOBS))
    parked = json.loads(asked(environment, "parked", "list", "--json")[1])
    assert [row["consumer"] for row in parked] == ["ratings"] * len(JOBS)
    assert asked(environment, "check")[0] == 0


def verifying(environment):
    """How many complaints the hotline has to verify."""
    code, text = asked(environment, "queue", "operator", "--json")
    return [row["task"] for row in json.loads(text)].count("核实") if code == 0 else 0
