"""Small disks for servers in containers, to be filled up."""

from __future__ import annotations

import os
from itertools import count

import docker

_NUMBERS = count()


class Disk:
    """A small one, in memory; a container that does nothing else keeps it while its server is down,
    and fills it.
    """

    def __init__(self, megabytes: int) -> None:
        self.name = f"bihuan-small-{os.getpid()}-{next(_NUMBERS)}"
        self._client = docker.from_env()
        options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={megabytes}m,mode=1777"}
        self._disk = self._client.volumes.create(self.name, driver="local", driver_opts=options)
        self._holder = self._client.containers.run(
            "postgres:17",
            ["sleep", "3600"],
            entrypoint=[],
            user="root",
            detach=True,
            volumes=[f"{self.name}:/small"],
        )

    def fill(self) -> None:
        self._holder.exec_run(["dd", "if=/dev/zero", "of=/small/filler", "bs=64k"])

    def make_room(self) -> None:
        self._holder.exec_run(["rm", "/small/filler"])

    def close(self) -> None:
        self._holder.remove(force=True, v=True)
        self._disk.remove(force=True)
        self._client.close()
