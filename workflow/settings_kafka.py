"""Settings of Kafka (BIHUAN_KAFKA, BIHUAN_KAFKA_…), read once at the composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow.bus.broker import PARTITIONS, Broker
from workflow.settings import secret_in, unfit
from workflow.storage.log import LANES

PREFIX = "BIHUAN_KAFKA_"
_OURS = {"servers", "partitions", "replication", "prefix"}
_SECRETS = ("sasl_plain_password", "ssl_password")


class KafkaSettings(BaseSettings):
    """Where the broker is, how its topics are made, and how to get in: `security_protocol`,
    `sasl_…` and `ssl_…` go to the client as they are. A password may lie in a file, named by the
    setting with `_FILE` after its name.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    servers: Annotated[str | None, Field(validation_alias="BIHUAN_KAFKA")] = None
    partitions: Annotated[int, Field(ge=1, le=LANES)] = PARTITIONS
    replication: Annotated[int, Field(ge=1, le=9)] = 1
    prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{0,100}$")] = ""
    security_protocol: str | None = None
    sasl_mechanism: str | None = None
    sasl_plain_username: str | None = None
    sasl_plain_password: str | None = None
    sasl_plain_password_file: Path | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: str | None = None
    ssl_password_file: Path | None = None
    ssl_check_hostname: bool | None = None

    @classmethod
    def broker(cls) -> Broker | None:
        """The broker the environment names; None where it names none. Raises InvalidInput."""
        try:
            found = cls()
        except ValidationError as error:
            raise unfit(error, PREFIX) from None
        if not found.servers:
            return None
        return Broker(
            found.servers, found.partitions, found.replication, found.prefix, found._options()
        )

    def _options(self) -> dict[str, Any]:
        said = self.model_dump(exclude=_OURS, exclude_none=True)
        for name in _SECRETS:
            file = said.pop(f"{name}_file", None)
            if file is not None:
                said[name] = secret_in(f"{PREFIX}{name.upper()}_FILE", file)
        return said
