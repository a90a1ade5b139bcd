"""Settings from the environment (BIHUAN_*), read once at the composition root, then frozen."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow.errors import InvalidInput
from workflow.said import of_model

ADDRESS = "database.url"
"""The file of the data folder with its database's address, where that is not the folder's own."""


LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this host for itself: what is said there, nobody else hears."""


class Settings(BaseSettings):
    """`data`: the folder of database and keys. `key`: the master secret, instead of the key
    file. `database`: a PostgreSQL's address, instead of the file in the folder. `profile`: the
    rules. `gateway`: the program that sends messages and links. `citizen_url`: where citizens find
    their page, as a link begins. `key_file`, `database_file`: where
    a file holds what is not to stand in the environment. `url`: the console's address as people
    open it. `proxy`: the address of the reverse proxy whose X-Forwarded-For and -Proto are
    believed; without it nobody's are. `oidc_…`: the office's single sign-on, if it has one: issuer,
    client, its secret.
    """

    model_config = SettingsConfigDict(
        env_prefix="BIHUAN_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    data: Path = Path("data")
    key: str | None = None
    key_file: Path | None = None
    database: str | None = None
    database_file: Path | None = None
    profile: str = "zibo"
    gateway: Path | None = None
    citizen_url: str | None = None
    url: str = "http://127.0.0.1:8000"
    proxy: str | None = None
    oidc_issuer: str | None = None
    oidc_client: str | None = None
    oidc_secret: str | None = None
    oidc_secret_file: Path | None = None

    @classmethod
    def read(cls, data: Path | None) -> Settings:
        """The environment's settings; a folder given on the command line wins. Raises
        InvalidInput.
        """
        try:
            settings = (cls() if data is None else cls(data=data))._with_secrets()
            return settings if settings.database else settings._of_folder()
        except ValidationError as error:
            raise unfit(error, "BIHUAN_") from None

    def _with_secrets(self) -> Settings:
        """With what its secret files hold."""
        files = {
            "key": self.key_file,
            "database": self.database_file,
            "oidc_secret": self.oidc_secret_file,
        }
        found = {
            name: secret_in(f"BIHUAN_{name.upper()}_FILE", p) for name, p in files.items() if p
        }
        return self.model_copy(update=found)

    def _of_folder(self) -> Settings:
        """With the address that the data folder names, if it names one."""
        try:
            address = (self.data / ADDRESS).read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return self
        return self.model_copy(update={"database": address})


def unfit(error: ValidationError, prefix: str) -> InvalidInput:
    """The first setting that does not fit, as the refusal whoever set it can act on."""
    first = error.errors()[0]
    name = prefix + str(first["loc"][0]).upper()
    return InvalidInput(name, str(first["input"]), of_model(first))


def secret_in(name: str, path: Path) -> str:
    """What a secret's file holds. Raises InvalidInput with the setting that names the file."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise InvalidInput(name, str(path), "读不到这个文件") from error
