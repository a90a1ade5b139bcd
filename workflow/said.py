"""What the system and the parser of TOML say, in the words of those who read it here."""

from __future__ import annotations

import errno
import re

_SYSTEM = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.EEXIST: "已经有同名的文件",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "磁盘是只读的",
    errno.ENAMETOOLONG: "名字太长",
}
_PLACE = re.compile(r"\(at line ([0-9]+), column ([0-9]+)\)$")


def of_system(error: OSError) -> str:
    """Why a file could not be opened or written."""
    return _SYSTEM.get(error.errno or 0, f"系统报错 {error.errno}")


def of_toml(error: Exception) -> str:
    """Where a text is no TOML."""
    if found := _PLACE.search(str(error)):
        return f"不是合格的 TOML：第 {found[1]} 行第 {found[2]} 个字附近写得不对"
    return "不是合格的 TOML：有没写完的地方，或层次太深"
