"""Settings of Kafka (BIHUAN_KAFKA, BIHUAN_KAFKA_…), read when a process asks for the broker."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow.bus.broker import PARTITIONS, Broker
from workflow.errors import InvalidInput
from workflow.settings import secret_in, unfit
from workflow.storage.log import LANES

PREFIX = "BIHUAN_KAFKA_"
_OURS = {"servers", "partitions", "replication", "prefix"}
_SECRETS = ("sasl_plain_password", "ssl_password")
_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
_LAST_PORT = 65535
_COMPOSED = f"{PREFIX}PORT"
"""Where docker-compose.yml publishes the broker: nothing to us, and no mistake."""
_Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"]


class KafkaSettings(BaseSettings):
    """Where the broker is, how its topics are made, and how to get in: `security_protocol`,
    `sasl_…` and `ssl_…` go to the client as they are, but where it would not heed them. A password
    may lie in a file, named by the setting with `_FILE` after its name. What would make the client
    speak in the clear where that was not asked for is refused.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    servers: Annotated[str | None, Field(validation_alias="BIHUAN_KAFKA")] = None
    partitions: Annotated[int, Field(ge=1, le=LANES)] = PARTITIONS
    replication: Annotated[int, Field(ge=1, le=9)] = 1
    prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{0,100}$")] = ""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] | None = None
    sasl_mechanism: _Mechanism | None = None
    sasl_plain_username: str | None = None
    sasl_plain_password: str | None = None
    sasl_plain_password_file: Path | None = None
    sasl_kerberos_service_name: str | None = None
    sasl_kerberos_domain_name: str | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: str | None = None
    ssl_password_file: Path | None = None
    ssl_check_hostname: bool | None = None
    ssl_crlfile: str | None = None
    ssl_ciphers: str | None = None

    @field_validator("sasl_mechanism", mode="before")
    @classmethod
    def _of_settings(cls, said: str | None) -> str | None:
        if said == "OAUTHBEARER":
            raise ValueError("OAUTHBEARER 要用程序取令牌，设置里写不了；可用 SCRAM 或 GSSAPI")
        return said

    @classmethod
    def broker(cls) -> Broker | None:
        """The broker the environment names; None where it names none. Raises InvalidInput."""
        cls._no_others()
        try:
            found = cls()
        except ValidationError as error:
            raise unfit(error, PREFIX) from None
        if not found.servers:
            return None
        found._check()
        return Broker(
            found._servers(), found.partitions, found.replication, found.prefix, found._options()
        )

    @classmethod
    def _no_others(cls) -> None:
        """Raises InvalidInput for a name that would be read by nobody; never with its value."""
        known = [PREFIX + name.upper() for name in cls.model_fields if name != "servers"]
        for name in sorted(map(str.upper, os.environ)):
            if name.startswith(PREFIX) and name not in (*known, _COMPOSED):
                listed = "、".join((PREFIX[:-1], *known))
                raise InvalidInput(name, "", f"没有这个设置；现有：{listed}")

    def _servers(self) -> str:
        """The addresses as the client reads them. Raises InvalidInput."""
        said = [one.strip() for one in (self.servers or "").split(",")]
        for one in said:
            known = _ADDRESS.fullmatch(one)
            if not known or int((known[2] or ":0")[1:]) > _LAST_PORT:
                raise InvalidInput(PREFIX[:-1], one, "须写作 主机:端口，几个之间用逗号")
        return ",".join(said)

    def _check(self) -> None:
        """Raises InvalidInput for settings of which one makes no sense without the other."""
        protocol, secured = self.security_protocol, self.model_dump(exclude_none=True)
        if protocol is None and any(name.startswith(("sasl_", "ssl_")) for name in secured):
            raise InvalidInput(f"{PREFIX}SECURITY_PROTOCOL", "", "须写明，如 SASL_SSL 或 SSL")
        if (protocol or "").startswith("SASL") and self.sasl_mechanism is None:
            raise InvalidInput(f"{PREFIX}SASL_MECHANISM", "", "须写明，如 SCRAM-SHA-256")
        if self.sasl_mechanism == "GSSAPI":
            _with_kerberos()
        for name in _FILES:
            if name in secured:
                secret_in(PREFIX + name.upper(), Path(secured[name]))
        if self.ssl_keyfile and not self.ssl_certfile:
            raise InvalidInput(f"{PREFIX}SSL_CERTFILE", "", "须与 SSL_KEYFILE 一起写明")

    def _options(self) -> dict[str, Any]:
        said = self.model_dump(exclude=_OURS, exclude_none=True)
        for name in _SECRETS:
            file = said.pop(f"{name}_file", None)
            if file is not None:
                said[name] = secret_in(f"{PREFIX}{name.upper()}_FILE", file)
        if "ssl_certfile" in said:
            said.setdefault("ssl_password", "")  # without any, OpenSSL asks at the terminal
        tls = {name: value for name, value in said.items() if name.startswith("ssl_")}
        context = _context(tls) if tls else None
        if tls.keys() & {"ssl_crlfile", "ssl_ciphers"}:
            others = {name: value for name, value in said.items() if name not in tls}
            return {**others, "ssl_context": context}
        return said  # the client reads the files anew for each connection: they may be renewed


def _context(said: Mapping[str, Any]) -> ssl.SSLContext:
    """TLS as the client would speak it, and with what it takes without heeding it: a list of
    revoked certificates, and ciphers. Raises InvalidInput.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = said.get("ssl_check_hostname", True)
    if "ssl_cafile" not in said:
        context.load_default_certs()
    certificate, key = said.get("ssl_certfile"), said.get("ssl_keyfile")

    def with_key(_: str) -> None:
        context.load_cert_chain(str(certificate), key, said["ssl_password"])

    does: dict[str, Callable[[str], object]] = {
        "ssl_cafile": context.load_verify_locations,
        "ssl_certfile": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations,
        "ssl_keyfile" if key else "ssl_certfile": with_key,
        "ssl_crlfile": context.load_verify_locations,
        "ssl_ciphers": context.set_ciphers,
    }
    for name, read in does.items():
        try:
            if name in said:
                read(said[name])
        except (OSError, ValueError) as error:
            fault = "内容不对，或与证书、口令不符" if read is with_key else "内容不对"
            raise InvalidInput(PREFIX + name.upper(), said[name], f"用不了：{fault}") from error
    if "ssl_crlfile" in said:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _with_kerberos() -> None:
    """Raises InvalidInput where the client could not speak it."""
    try:
        import_module("gssapi")
    except (ImportError, OSError):
        said = "需要 gssapi 包（uv pip install gssapi）和系统的 Kerberos 库"
        raise InvalidInput(f"{PREFIX}SASL_MECHANISM", "GSSAPI", said) from None
