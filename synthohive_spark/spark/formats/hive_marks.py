"""The names of tables that a writer keeps beside its target, which say whose they are and since when.

    orders__synthohive_new_1f0c9a52_20260301093000_7b1d22e4_4711

is what process 4711 of the machine 7b1d22e4 has been staging for the table ``orders`` since 9:30 (UTC), and
``..._old_...`` with the same identifier is the version that it set aside while it put the new one in its place.

Such a table is **left over**, and only then touched by others, if its process is provably gone: same machine (same
boot, same process namespace), and no process of that number. Of another machine nobody can tell, so there, or where the
number has been given to another process, age decides: 7 days for what is being staged, 10 minutes for what is set
aside, which is a matter of milliseconds.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import platform
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache

from synthohive_spark.declarations.names import TableName

SUFFIX = "__synthohive_"
STAGING_AGE = datetime.timedelta(days=7)
SET_ASIDE_AGE = datetime.timedelta(minutes=10)
_TIME = "%Y%m%d%H%M%S"
_NAME = re.compile(
    r"(.+)" + SUFFIX + r"(new|old)_([0-9a-f]{8})_([0-9]{14})_([0-9a-f]{8})_([0-9]+)", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class Mark:
    """The name of a table beside a target.

    Attributes:
        target: The table that it is for.
        kind: ``new`` for what is staged, ``old`` for what is set aside.
        id: Of the write; its two tables share it.
        since: When it was made, or set aside.
        machine: Where its writer runs; see `this_machine`.
        process: The writer's process number.
    """

    target: TableName
    kind: str
    id: str
    since: datetime.datetime
    machine: str
    process: int

    @classmethod
    def own(cls, target: TableName) -> Mark:
        """The mark of what this process begins to stage for ``target``."""
        return cls(target, "new", uuid.uuid4().hex[:8], _now(), this_machine(), os.getpid())

    @classmethod
    def of(cls, table: TableName, target: TableName) -> Mark | None:
        """The mark of ``table`` if it lies beside ``target``; None if it is another table."""
        match = _NAME.fullmatch(table.table)
        if match is None or match[1].casefold() != target.table.casefold():
            return None
        try:
            since = datetime.datetime.strptime(match[4], _TIME).replace(tzinfo=datetime.UTC)
        except ValueError:
            return None
        return cls(target, match[2].lower(), match[3].lower(), since, match[5].lower(), int(match[6]))

    @property
    def table(self) -> TableName:
        """The table's name."""
        since = self.since.strftime(_TIME)
        own = f"{self.target.table}{SUFFIX}{self.kind}_{self.id}_{since}_{self.machine}_{self.process}"
        return self.target.sibling(own)

    def set_aside(self) -> Mark:
        """The mark of what this writer sets aside at this moment."""
        return Mark(self.target, "old", self.id, _now(), self.machine, self.process)

    @property
    def left_over(self) -> bool:
        """Whether its writer is gone, by the rule of this module."""
        if self.machine == this_machine() and not _runs(self.process):
            return True
        return _now() - self.since > (STAGING_AGE if self.kind == "new" else SET_ASIDE_AGE)

    def __str__(self) -> str:
        where = "this machine" if self.machine == this_machine() else f"machine {self.machine}"
        return f"process {self.process} of {where}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"


def is_marked(table: str) -> bool:
    """Whether a table of this name is none of the user's, but staged or set aside for another one."""
    return _NAME.fullmatch(table) is not None


@lru_cache
def this_machine() -> str:
    """What tells apart two places whose processes do not see each other, containers included: 8 hexadecimal digits."""
    parts = [platform.node(), str(uuid.getnode())]
    with contextlib.suppress(OSError):  # only Linux has these
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
            parts.append(boot.read())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _runs(process: int) -> bool:
    """Whether there is a process of this number here; yes where that cannot be told."""
    if os.name != "posix":  # elsewhere, signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
