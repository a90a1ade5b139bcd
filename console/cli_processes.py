"""命令：常驻进程 — everything in one process, or one job each on as many hosts as there are; the
topics of Kafka.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli_root import AsJson
from workflow.errors import InvalidInput

if TYPE_CHECKING:
    from console.processes import Job
    from console.wiring import Office
    from workflow.bus.broker import Broker
    from workflow.bus.pulse import Pulse

STANDS_BY = "另一个进程正在运行各消费者；本进程待命，它停下即接手。按 Ctrl+C 停止"
Port = Annotated[
    int | None,
    typer.Option("--health-port", metavar="端口", help="在此端口答复 /health 与 /ready，供探活"),
]


def register(app: typer.Typer) -> None:
    """Adds `run`, one command for each single job, and the sub-commands of `topics`."""
    app.command("run", help="在一个进程里运行全部：控制台、各消费者、时钟与发件；按 Ctrl+C 停止")(
        run
    )
    app.command("serve", help="只运行控制台（网页）；可同时运行多个进程")(serve)
    app.command("relay", help="把事件送到 Kafka；另一个在运行时待命")(relay)
    app.command("consume", help="运行消费者：all，或写名字；从 Kafka 读，可同时运行多个进程")(
        consume
    )
    app.command("clock", help="运行时钟与发件；另一个在运行时待命")(clock)
    app.command("collect", help="归集 Kafka 主题 ratings 的办件与评价")(collect)
    topics = typer.Typer(no_args_is_help=True)
    topics.command("create", help="建立缺少的主题")(topics_create)
    topics.command("check", help="核对主题与分区数")(topics_check)
    app.add_typer(topics, name="topics", help="Kafka 的主题")


Host = Annotated[
    str, typer.Option(metavar="地址", help="控制台的地址；缺省只有本机能打开", show_default=True)
]
WebPort = Annotated[int, typer.Option(metavar="端口", help="控制台的端口；0 由系统选一个空的")]


def run(
    ctx: typer.Context,
    host: Host = "127.0.0.1",
    port: WebPort = 8000,
    console: Annotated[bool, typer.Option(help="是否带控制台")] = True,
    health_port: Port = None,
) -> None:
    from console import processes  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data, patient=True) as opened:
        if opened.broker is None:
            made = processes.embedded(opened)
            hint = STANDS_BY if made.stands_by else _running("各消费者、时钟与发件")
        else:
            made = processes.over_kafka(opened, opened.broker)
            hint = _running("中继、各消费者、归集、时钟与发件")
        jobs = list(made.jobs)
        if console:
            web = processes.desks(opened, processes.Address(host, port), made.wake)
            jobs, hint = [*jobs, *web.jobs], f"控制台：{web.url}\n{hint}"
        _serve(opened, jobs, made.pulses, health_port, hint)


def serve(ctx: typer.Context, host: Host = "127.0.0.1", port: WebPort = 8000) -> None:
    from console import processes  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data, patient=True) as opened:
        web = processes.desks(opened, processes.Address(host, port))
        _serve(opened, web.jobs, [], None, f"控制台：{web.url}\n{_running('控制台')}")


def citizen_page(ctx: typer.Context, host: Host = "127.0.0.1", port: WebPort = 8001) -> None:
    """群众页：单独一个进程，只有群众的评价与进度；不写子命令就是它。"""
    if ctx.invoked_subcommand is not None:
        return
    from console import processes  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data, patient=True) as opened:
        web = processes.citizens(opened, processes.Address(host, port))
        _serve(opened, web.jobs, [], None, f"群众页：{web.url}/r\n{_running('群众页')}")


def relay(ctx: typer.Context, health_port: Port = None) -> None:
    from console import processes  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data, patient=True) as opened:
        duty = processes.relay(opened, _broker())
        _serve(opened, [duty], [duty.pulse], health_port, _running("中继"))


def consume(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="all|名字…", help="消费者名，或 all")],
    health_port: Port = None,
) -> None:
    from console.processes import named  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    broker = _broker()
    with office(ctx.obj.data, patient=True) as opened:
        consumers = named(opened, names)
        from workflow.bus.topic import TopicBus  # noqa: PLC0415  # an extra

        bus = TopicBus(opened.ledger, consumers, broker)
        listed = "、".join(consumer.name for consumer in consumers)
        _serve(opened, [bus], bus.pulses, health_port, _running(listed))


def clock(ctx: typer.Context, health_port: Port = None) -> None:
    from console import processes  # noqa: PLC0415
    from console.wiring import office  # noqa: PLC0415

    with office(ctx.obj.data, patient=True) as opened:
        duty = processes.clock(opened)
        sender = processes.sender(opened)
        _serve(
            opened, [duty, sender], [duty.pulse, sender.pulse], health_port, _running("时钟与发件")
        )


def collect(ctx: typer.Context, health_port: Port = None) -> None:
    from console.wiring import office  # noqa: PLC0415
    from producers.topic import Collecting  # noqa: PLC0415  # an extra

    broker = _broker()
    with office(ctx.obj.data, patient=True) as opened:
        job = Collecting(opened.ledger, opened.desk, broker)
        _serve(opened, [job], [job.pulse], health_port, _running("归集"))


def topics_create(as_json: AsJson = False) -> None:
    from workflow.bus.kafka.topics import check_topics, create_topics  # noqa: PLC0415  # an extra

    broker = _broker()
    made = create_topics(broker)
    check_topics(broker)
    text = f"已建立主题 {'、'.join(made)}" if made else "主题都已存在"
    typer.echo(json.dumps({"created": made}) if as_json else text)


def topics_check(as_json: AsJson = False) -> None:
    from workflow.bus.kafka.topics import check_topics  # noqa: PLC0415  # an extra

    broker = _broker()
    check_topics(broker)
    shown = {"partitions": broker.partitions}
    typer.echo(json.dumps(shown) if as_json else f"主题无误，各 {broker.partitions} 个分区")


def _broker() -> Broker:
    from workflow.settings_kafka import KafkaSettings  # noqa: PLC0415

    broker = KafkaSettings.broker()
    if broker is None:
        raise InvalidInput("BIHUAN_KAFKA", "", "须写明 Kafka 的地址，如 kafka:9092")
    return broker


def _running(what: str) -> str:
    return f"运行中：{what}。按 Ctrl+C 停止"


def _serve(
    office: Office, jobs: Sequence[Job], pulses: Sequence[Pulse], port: int | None, hint: str
) -> None:
    from console.processes import serve  # noqa: PLC0415
    from workflow.bus.asking import Asking  # noqa: PLC0415

    if port is not None:
        asking = Asking(office.database)
        jobs, pulses = [*jobs, asking], [*pulses, asking.pulse]
    serve(jobs, pulses, port, lambda: typer.echo(hint))
    typer.echo("已停止")
