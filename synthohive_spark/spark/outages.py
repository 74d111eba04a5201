"""What failed round Spark rather than in it: the metastore, or the place where files go."""

from __future__ import annotations

import re

_METASTORE = re.compile(
    r"Could not connect to meta ?store|Unable to instantiate \S+MetaStoreClient|TTransportException"
)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|There is not enough space on the disk")
_WRITING = re.compile(r"writing rows to (\S+)\. SQLSTATE")
_REFUSED = re.compile(
    r"(\S+) \((?:Read-only file system|Permission denied)\)|Mkdirs failed to create (\S+)|"
    r"DELTA_CANNOT_CREATE_LOG_PATH\] Cannot create (\S+)|message:(\S+) is not a directory or unable to create one"
)
_PASSING = re.compile(r"(?:/[^/]*__synthohive_|/_delta_log|/part-|/_temporary).*")  # what nobody finds afterwards


def outage(message: str) -> str | None:
    """What failed, and the way out, where a Spark error comes from what Spark depends on.

    Args:
        message: The error's whole message, with the traces that Spark puts in it.

    Returns:
        One line; None for any other error.
    """
    if _METASTORE.search(message):
        return (
            "the Hive metastore does not answer; see that it runs where spark.hadoop.hive.metastore.uris says (an "
            "embedded one serves one process at a time), then run this again"
        )
    if (full := _FULL.search(message)) is not None:
        where = _WRITING.search(message)
        disk = f"the disk that holds {_PASSING.sub('', where[1])}" if where else "a disk that Spark writes to"
        return f"{disk} is full ({full[0]}); make room, then run this again"
    if (refused := _REFUSED.search(message)) is not None:
        place = _PASSING.sub("", next(filter(None, refused.groups())))
        return f"nothing can be written to {place}; mend its permissions or its mount, or choose another place"
    return None
