"""The whole in containers, brought up by `make up`: ratings come in by topic, by HTTP and by file,
one complaint goes round, containers are killed in between, and the books are right.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from confluent_kafka import Consumer, Producer
from servers import free_port, none_to_be_had

from workflow.settings_kafka import KafkaSettings
from workflow.storage.postgres import CONNECTIONS

ROOT = Path(__file__).parents[2]
UNIT = "区人社局"
NONE = "no Docker engine answers"
FEEDBACK = "--facts 多要证明 --cause 不熟 --measures 已培训 --reply 致歉 --signed-by 科长"
PATIENCE = 120.0

pytestmark = [pytest.mark.long, pytest.mark.column("kafka-postgresql")]


class Whole:
    """The composed project, under a name and on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.web, self.citizens = free_port(), free_port(), free_port()
        self.told = ""
        """What `make up` said."""
        self._environment = os.environ | {
            "COMPOSE_PROJECT_NAME": f"bihuan-test-{os.getpid()}",
            "BIHUAN_VERSION": "test",
            "BIHUAN_SECRETS": str(folder / "secrets"),
            "BIHUAN_KAFKA_PORT": str(self.port),
            "BIHUAN_WEB_PORT": str(self.web),
            "BIHUAN_CITIZEN_PORT": str(self.citizens),
        }

    def run(self, *command: str, given: str | None = None) -> str:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def compose(self, *words: str, given: str | None = None) -> str:
        return self.run("docker", "compose", *words, given=given)

    def bihuan(self, *words: str) -> Any:
        """One command's JSON, in a container that runs anyway."""
        said = self.compose("exec", "-T", "clock", "bihuan", *" ".join(words).split(), "--json")
        return json.loads(said)

    def posted(self, kind: str, rows: list[dict[str, str]], token: str) -> list[str]:
        """What became of each row that another system brings through the published port."""
        address = f"http://127.0.0.1:{self.web}/api/v1/{kind}?source=bihuan"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(rows, ensure_ascii=False).encode()
        with urlopen(Request(address, body, headers), timeout=30) as answer:
            return [row["outcome"] for row in json.load(answer)["rows"]]

    def sql(self, query: str) -> str:
        return self.compose("exec", "-T", "postgres", "psql", "-U", "bihuan", "-tAc", query).strip()

    def has_worked_off(self) -> bool:
        """Whether all that was sent has been taken in, and all that came of it handled."""
        told = "/opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server kafka:9092 --describe"
        said = self.compose("exec", "-T", "kafka", *told.split(), "--group", "collect")
        read = [line.split()[3:6] for line in said.splitlines() if " ratings " in line]
        waiting = "SELECT count(*) FROM progress p JOIN lanes l USING (lane) WHERE p.pos < l.pos"
        there = bool(read) and all(lag == "0" or end == "0" for _, end, lag in read)
        return there and self.sql(waiting) == "0"

    def kill(self, *services: str) -> None:
        self.compose("kill", "--signal", "KILL", *services)

    def start(self, *services: str) -> None:
        self.compose("start", *services)

    def until(self, holds: Callable[[], object]) -> Any:
        """What `holds` says once it is not false; it may fail while a server comes back."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if found := holds():
                    return found
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, self.compose("logs", "--tail", "40")
            time.sleep(1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            none_to_be_had(NONE)
    made = Whole(tmp_path_factory.mktemp("whole"))
    try:
        made.told = made.run("deploy/up")
        made.until(made.has_worked_off)
        yield made
    finally:
        made.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")


def rated(project: str, stars: int) -> dict[str, str]:
    """A rating given half an hour ago; a bad one says why."""
    at = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=30)
    row = {
        "projectNo": project,
        "proDepart": UNIT,
        "areaName": "张店区",
        "userName": "群众甲",
        "mobile": "19900001234",
        "satisfaction": str(stars),
    }
    row |= {"pf": "pad", "assessTime": f"{at:%Y-%m-%d %H:%M:%S}"}
    return row | {"writingEvaluation": "又让我开证明" if stars <= 2 else ""}


def served(project: str) -> dict[str, str]:
    """The record of a service given an hour ago."""
    at = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(hours=1)
    unit = {"proDepart": UNIT, "areaName": "张店区"}
    return {"projectNo": project, "serviceTime": f"{at:%Y-%m-%d %H:%M:%S}"} | unit


def sent_by_kafka(port: int, rows: list[dict[str, str]]) -> int:
    """How many the broker has acknowledged: all."""
    acknowledged = []
    quiet = {"log_level": 0}  # while the broker is away there is nothing to be told
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{port}", "acks": "all", **quiet})
    for row in rows:
        producer.produce(
            "ratings",
            json.dumps(row, ensure_ascii=False).encode(),
            headers={"source": b"bihuan"},
            on_delivery=lambda error, message: error or acknowledged.append(message.offset()),
        )
    assert producer.flush(30) == 0
    return len(acknowledged)


def read_back(port: int, count: int) -> dict[tuple[int, int], dict[str, str]]:
    """The headers of what the topic `complaints` holds, by lane and position."""
    consumer = Consumer(
        {
            "bootstrap.servers": f"127.0.0.1:{port}",
            "group.id": "somebody-else",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["complaints"])
    found: dict[tuple[int, int], dict[str, str]] = {}
    while len(found) < count and (message := consumer.poll(20)):
        assert message.error() is None
        said = {name: value.decode() for name, value in message.headers()}
        found[int(said["ce_lane"]), int(said["ce_position"])] = said
    consumer.close()
    return found


def test_make_up_lets_a_small_quarter_through_and_says_commands_that_work(whole: Whole) -> None:
    waiting = {row["id"] for row in whole.bihuan("queue operator")}
    counts = re.findall(r"待核实 (\d+) 件", whole.told)
    assert 0 < int(counts[-1]) <= len(waiting)  # on a slow host more come later
    said = re.findall(r"：\s*docker compose (run --rm cli .*)", whole.told)
    assert len(said) == 4
    for command in said:
        whole.compose(*command.split())
    (claimed,) = (words.split()[-3] for words in said if "claim" in words)
    shown = whole.bihuan("complaint show", claimed)
    assert [entry["event"] for entry in shown["timeline"]][-1] == "ComplaintClaimed"


def test_make_up_sends_nothing_a_second_time(whole: Whole) -> None:
    before = whole.sql("SELECT count(*) FROM ratings")
    assert "不送合成数据" in whole.run("deploy/up")
    assert whole.sql("SELECT count(*) FROM ratings") == before


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_the_whole_goes_round_while_containers_are_killed(whole: Whole, tmp_path: Path) -> None:
    def state(complaint: str) -> str:
        return whole.sql(f"SELECT state FROM complaints WHERE id = '{complaint}'")

    def counted(rows: str) -> int:
        """Beside those of the small quarter."""
        return int(whole.sql(f"SELECT count(*) FROM {rows}")) - there.get(rows, 0)

    verifying = "complaints WHERE state = 'VERIFYING'"
    there: dict[str, int] = {}
    refused = whole.bihuan("parked list")  # the small quarter has some
    there |= {rows: counted(rows) for rows in ("ratings", "services", "complaints", verifying)}
    good = [rated(f"K{n:04}", 5) for n in range(60)]
    bad = [rated(f"B{n}", 1) for n in range(3)]
    assert sent_by_kafka(whole.port, [*good[:30], *bad]) == 33
    whole.until(lambda: counted("ratings") == 33)
    whole.until(lambda: counted(verifying) == 3)
    complaint = whole.sql("SELECT max(id) FROM complaints")
    token = whole.bihuan("token add 综窗平台 --scope intake")["token"]
    by_http = [rated("H1", 5), rated("H2", 1)]
    assert whole.posted("services", [served("H1"), served("H2")], token) == ["accepted"] * 2
    assert whole.posted("ratings", by_http[:1], token) == ["accepted"]

    # the broker dies: what people do goes on, and so does the intake by HTTP and of files
    whole.kill("kafka")
    assert whole.posted("ratings", by_http, token) == ["repeat", "accepted"]
    imported = _imported(whole, tmp_path, [rated("F1", 5), rated("F2", 2), rated("F3", 9)])
    assert (imported["accepted"], imported["refused"], imported["complaints"]) == (2, 1, 1)
    whole.bihuan("hotline link-ticket", complaint, "--ticket 12345-1 --as 话务员01")
    whole.bihuan("hotline claim", complaint, "--as 话务员01")
    whole.bihuan("hotline call", complaint, "--outcome answered --as 话务员01")
    # with the broker back, ratings come in while nobody relays, collects or consumes
    whole.kill("relay", "consumers", "collector")
    whole.start("kafka")
    whole.until(lambda: sent_by_kafka(whole.port, good[30:]) == 30)
    whole.bihuan("hotline confirm", complaint, "--reason-code 109 --case-class clear --as 话务员01")
    assert state(complaint) == "ASSIGNING"
    whole.start("relay", "consumers", "collector")
    whole.until(lambda: state(complaint) == "DISPATCHED")
    whole.until(lambda: counted(verifying) == 4 and counted("ratings") == 67)

    # the database dies while all of them work
    whole.bihuan("department acknowledge", complaint, f"--unit {UNIT} --as 经办01")
    whole.kill("postgres")
    whole.start("postgres")
    whole.until(lambda: state(complaint) == "RECTIFYING")
    whole.bihuan("department submit", complaint, f"--unit {UNIT} --as 经办01", FEEDBACK)
    whole.bihuan("hotline accept-feedback", complaint, "--as 话务员01")
    whole.bihuan("hotline reevaluate", complaint, "--level 5 --solved --as 话务员01")
    assert state(complaint) == "CLOSED"

    behind = "progress p JOIN lanes l USING (lane) WHERE p.pos < l.pos"
    whole.until(lambda: counted(behind) == 0)
    assert (counted("ratings"), counted("complaints"), counted("services")) == (67, 5, 2)
    assert whole.bihuan("parked list") == refused
    assert whole.bihuan("check")["findings"] == []
    logs = whole.compose("logs", "--no-color", "relay", "collector", "consumers", "clock")
    assert "Traceback" not in logs, logs[-6000:]
    told = read_back(whole.port, counted("events"))
    assert len(told) == counted("events")
    assert [said["ce_state"] for said in told.values() if said["ce_subject"] == complaint][
        -1
    ] == "CLOSED"


def _imported(whole: Whole, folder: Path, rows: list[dict[str, str]]) -> Any:
    """The receipt of a file imported in a container of its own."""
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    folder.chmod(0o777)  # the refused rows are written beside the file, by the image's own user
    file = folder / "ratings.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = "import /in/ratings.csv --source bihuan --json"
    said = whole.compose(
        "run", "--rm", "--no-deps", "-T", "-v", f"{folder}:/in", "cli", *words.split()
    )
    return json.loads(said)


def test_nothing_runs_as_root_or_writes_to_its_root_file_system(whole: Whole) -> None:
    for service in ("relay", "collector", "consumers", "clock", "console", "citizen"):
        inside = "id -u; touch /opt/x 2>/dev/null && echo written; touch /tmp/x && echo there"
        said = whole.compose("exec", "-T", service, "sh", "-c", inside)
        assert said.split() == ["10001", "there"], service


def test_the_console_keeps_uploads_where_the_command_that_erases_finds_them(whole: Whole) -> None:
    kept = "mkdir -m 700 -p /data/uploads && touch /data/uploads/x.csv"
    whole.compose("exec", "-T", "console", "sh", "-c", kept)
    shown = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "ls", "cli", "/data/uploads")
    assert whole.compose(*shown).split() == ["x.csv"]


@pytest.mark.guarantee("G8")
def test_the_processes_can_neither_change_nor_delete_an_event(whole: Whole) -> None:
    connected = (
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name LIKE 'bihuan%'"
    )
    assert set(whole.sql(connected).split()) <= {"bihuan_app", "bihuan_citizen"}
    for words in ("DELETE FROM events", "UPDATE events SET actor = 'x'"):
        with pytest.raises(AssertionError, match="permission denied for table events"):
            whole.sql(f"SET ROLE bihuan_app; {words}")


def test_the_server_has_a_connection_for_each_that_the_processes_may_hold(whole: Whole) -> None:
    processes = set(whole.compose("ps", "--services").split())
    processes -= {"postgres", "kafka"}
    held = (len(processes) + 3) * 2 * CONNECTIONS  # with four consumers, as `make up` advises
    commands = 2 * CONNECTIONS
    assert held + commands <= int(whole.sql("SHOW max_connections")) - 3, "the owner's own"


def test_a_broker_elsewhere_is_told_to_every_process(tmp_path: Path) -> None:
    names = {f"BIHUAN_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
    names -= {"BIHUAN_KAFKA_SERVERS"}
    in_files = {"BIHUAN_KAFKA_SASL_PLAIN_PASSWORD", "BIHUAN_KAFKA_SSL_PASSWORD"}
    said = {name: name.lower() for name in names - in_files} | {"BIHUAN_KAFKA": "k1:9093"}
    elsewhere = Whole(tmp_path)
    elsewhere._environment |= said | dict.fromkeys(in_files, "geheim")
    config = elsewhere.compose("--profile", "tools", "config", "--format", "json")
    services = json.loads(config)["services"]
    assert "geheim" not in config
    for name in services.keys() - {"postgres", "kafka", "roles"}:
        given, mounted = services[name]["environment"], services[name]["volumes"]
        assert said.items() <= given.items(), name
        assert "/run/kafka" in [volume["target"] for volume in mounted], name


def test_no_command_is_the_process_that_hears_no_signal_while_it_starts(tmp_path: Path) -> None:
    config = Whole(tmp_path).compose("--profile", "tools", "config", "--format", "json")
    services = json.loads(config)["services"]
    ours = {name for name, one in services.items() if one["image"].startswith("bihuan:")}
    assert ours == services.keys() - {"postgres", "kafka", "roles"}
    assert all(services[name].get("init") for name in ours)


def test_what_people_and_tools_need_is_to_be_had_on_the_loopback_alone(whole: Whole) -> None:
    services = whole.compose("config", "--services").split()
    published = json.loads(whole.compose("config", "--format", "json"))["services"]
    ports = {name: published[name].get("ports", []) for name in services}
    assert {port["host_ip"] for found in ports.values() for port in found} == {"127.0.0.1"}
    assert sorted(name for name, found in ports.items() if found) == ["citizen", "console", "kafka"]


def test_the_pages_are_there_with_whatever_they_are_made_of(whole: Whole) -> None:
    for first in (f"http://127.0.0.1:{whole.web}/login", f"http://127.0.0.1:{whole.citizens}/r"):
        with urlopen(first) as answer:
            named = re.findall(r'(?:href|src)="(/static/[^"]+)', answer.read().decode())
        assert len(named) > 1
        for address in named:
            urlopen(urljoin(first, address)).close()
