"""Settings from the environment (BIHUAN_*), read once at the composition root, then frozen."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow.errors import InvalidInput

ADDRESS = "database.url"
"""The file of the data folder with its database's address, where that is not the folder's own."""


class Settings(BaseSettings):
    """`data`: the folder of database and keys. `key`: the master secret, instead of the key
    file. `database`: a PostgreSQL's address, instead of the file in the folder. `profile`: the
    rules. `gateway`: the program that sends messages and links.
    """

    model_config = SettingsConfigDict(env_prefix="BIHUAN_", frozen=True, extra="ignore")

    data: Path = Path("data")
    key: str | None = None
    database: str | None = None
    profile: str = "zibo"
    gateway: Path | None = None

    @classmethod
    def read(cls, data: Path | None) -> Settings:
        """The environment's settings; a folder given on the command line wins. Raises
        InvalidInput.
        """
        try:
            settings = cls() if data is None else cls(data=data)
            return settings if settings.database else settings._of_folder()
        except ValidationError as error:
            first = error.errors()[0]
            name = "BIHUAN_" + str(first["loc"][0]).upper()
            raise InvalidInput(name, str(first["input"]), first["msg"]) from None

    def _of_folder(self) -> Settings:
        """With the address that the data folder names, if it names one."""
        try:
            address = (self.data / ADDRESS).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return self
        return self.model_copy(update={"database": address})
