"""The topics at the broker: made, checked, taken away."""

from __future__ import annotations

from contextlib import suppress

from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from workflow.bus.broker import LEAST, TOPICS, UNCLEAN, Broker
from workflow.bus.kafka import administering


def create_topics(broker: Broker) -> list[str]:
    """Makes the topics that are missing; answers their names. Raises Away, Unwritable, InvalidInput
    for settings by which the broker makes none.
    """
    with administering(broker) as admin:
        missing = broker.missing(admin.describe_topics(broker.topics))
        if wanted := {broker.topic(name): broker.wanted(name) for name in missing}:
            with suppress(TopicAlreadyExistsError):  # by another host, just now
                admin.create_topics(wanted)
            admin.wait_for_topics(list(wanted))
        return missing


def delete_topics(broker: Broker) -> None:
    """Takes this prefix's topics away, with all that is in them. Raises Away."""
    with administering(broker) as admin:
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
    with administering(broker) as admin:
        found = admin.describe_topics(broker.topics)
        configs = admin.describe_configs(asked, config_filter="all")["topic"]
    broker.check(found, configs)
