"""Secrets come from files where the environment is read by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.errors import InvalidInput
from workflow.settings import Settings


def test_secrets_are_read_from_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    (tmp_path / "database").write_text("postgresql://bihuan:geheim@db/bihuan\n")
    monkeypatch.setenv("BIHUAN_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("BIHUAN_DATABASE_FILE", str(tmp_path / "database"))
    settings = Settings.read(tmp_path)
    assert settings.key == "ab" * 32
    assert settings.database == "postgresql://bihuan:geheim@db/bihuan"


def test_a_secret_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIHUAN_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(InvalidInput) as refused:
        Settings.read(tmp_path)
    assert (refused.value.field, refused.value.value) == (
        "BIHUAN_KEY_FILE",
        str(tmp_path / "absent"),
    )
