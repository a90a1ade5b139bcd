"""The topics at the broker: made, checked, taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from workflow.bus.broker import LEAST, TOPICS, UNCLEAN, Broker
from workflow.bus.causes import CREATE, failed, mistaken


def create_topics(broker: Broker) -> list[str]:
    """Makes the topics that are missing; answers their names. Raises Away, Unwritable, InvalidInput
    for settings by which the broker makes none.
    """
    with _admin(broker) as admin:
        missing = broker.missing(admin.describe_topics(broker.topics))
        if wanted := {broker.topic(name): broker.wanted(name) for name in missing}:
            with suppress(TopicAlreadyExistsError):  # by another host, just now
                admin.create_topics(wanted)
            admin.wait_for_topics(list(wanted))
        return missing


def delete_topics(broker: Broker) -> None:
    """Takes this prefix's topics away, with all that is in them. Raises Away."""
    with _admin(broker) as admin:
        admin.delete_topics(broker.topics)


def check_topics(broker: Broker) -> None:
    """Raises InvalidInput for a topic that is missing or is not as `create_topics` makes it; Away,
    Unwritable.
    """
    asked = [
        ConfigResource(
            ConfigResourceType.TOPIC, broker.topic(name), dict.fromkeys([*own, LEAST, UNCLEAN])
        )
        for name, own in TOPICS.items()
    ]
    with _admin(broker) as admin:
        found = admin.describe_topics(broker.topics)
        configs = admin.describe_configs(asked, config_filter="all")["topic"]
    broker.check(found, configs)


@contextmanager
def _admin(broker: Broker) -> Iterator[Any]:
    """The admin client, closed at the end; its errors told by what the caller does next."""
    try:
        with closing(KafkaAdminClient(**broker.client)) as client:
            yield client
    except KafkaError as error:
        raise mistaken(error) or failed(error, "、".join(broker.topics), CREATE) from error
