"""Messages that name settings as Python does, in the words of the command line and its files."""

from __future__ import annotations

import re

from synthohive_spark.declarations.spelling import in_yaml

_OPTIONS = ("engine", "format")
_WORDS = {
    "overwrite=True": "--overwrite",
    "allow_source=True": "'allow_source: true' in the job file",
    "mode 'append' or 'overwrite'": "--mode append or --mode overwrite",
    "call transform(seats) with a DataFrame that has these columns, or sample(n, given={...})": "name them by --given",
}
_LEARNED = re.compile(r" \(learned and kept: [^()]*; fit\(\.\.\., tables=\[\.\.\.\]\) learns the others\)")
"""A way out that ends with the process."""
_PRIVACY = re.compile(r"privacy=Privacy\((\w+)=\.\.\.\)")
_OPTION = re.compile(rf"\b({'|'.join(_OPTIONS)})='(\w+)'")


def for_command_line(text: str) -> str:
    """A message with its ways out as somebody at the command line takes them.

    >>> for_command_line("'models' is there already; give overwrite=True to replace the model in it")
    "'models' is there already; give --overwrite to replace the model in it"
    """
    text = _LEARNED.sub("", text)
    for python, option in _WORDS.items():
        text = text.replace(python, option)
    return in_yaml(_OPTION.sub(r"--\1 \2", _PRIVACY.sub(r"--privacy \1=NUMBER", text)))
