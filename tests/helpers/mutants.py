"""Model directories that somebody else changed: each mutant is a function of a directory and a number."""

import copy
import hashlib
import json
import os
import random
import shutil
import struct
from pathlib import Path

import numpy as np
import pandas as pd

POINTER = "metadata.json"
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    0.5,
    -0.5,
    10**9,
    -(10**9),
    2**63 - 1,
    10**30,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "a",
    "x" * 10_000,
    "a\x00b",
    "\ud800",
    "1e999999999",
    "1/0",
    "string",
    "bigint",
    "decimal(38,37)",
    "decimal(99999999,5)",
    "varchar(2147483647)",
    "boolean",
    "date",
    "timestamp",
    "S1000000000",
    "../../../outside",
    [],
    {},
    [[]],
    [1, 2, 3],
    ["a", "a"],
    {"a": 1},
]


def people(rows=300, seed=0):
    """Rows of every kind of column and dependency that a model directory can describe without Spark."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 86_400 * 300, rows), unit="s")
    city, net = rng.choice(["Oslo", "Bergen", "Rome", "Milan"], rows), np.round(rng.gamma(2, 20, rows), 2)
    first, age = rng.choice(["Ann", "Bob", "Cem", "Dia"], rows), rng.integers(18, 90, rows)
    last = rng.choice(["Lee", "Fox", "Ray", "Kim"], rows)
    count = range(rows)
    return pd.DataFrame(
        {
            "age": age,
            "senior": np.where(age >= 65, "yes", "no"),
            "score": np.where(rng.random(rows) < 0.3, 0.0, rng.normal(0, 1, rows)),
            "city": city,
            "country": np.where(np.isin(city, ["Oslo", "Bergen"]), "NO", "IT"),
            "net": net,
            "total": np.round(net * 1.25, 2),
            "quantity": rng.integers(1, 9, rows),
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 86_400 * 9, rows), unit="s"),
            "hour": start.hour.astype("int32"),
            "name": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
            "first": first,
            "price": [f"${v:,.2f}" for v in np.round(rng.gamma(2, 900, rows), 2)],
            "flag": rng.random(rows) < 0.5,
            "code": [f"{'ABC'[i % 3]}{rng.integers(1000, 9999)}-{'xyz'[i % 3]}" for i in count],
            "ip": [f"10.{rng.integers(4)}.{rng.integers(256)}.{rng.integers(256)}" for _ in count],
            "json": [f'{{"a": {rng.integers(100)}, "b": "{rng.choice(["u", "v"])}"}}' for _ in count],
            "kind": rng.choice(["p", "q", None], rows),
            "clock": [f"{rng.integers(24):02d}:{rng.integers(60):02d}" for _ in count],
        }
    )


class Mutants:
    """The mutants of a model directory, each written to a place of its own and then gone."""

    def __init__(self, model):
        self.model = Path(model)
        self.pointer = json.loads((self.model / POINTER).read_bytes())
        self.version = self.pointer["folder"]
        self.files = {name: (self.model / self.version / name).read_bytes() for name in self.pointer["files"]}

    def write(self, number, target):
        """Write a mutant to ``target``, and say what was changed."""
        rng, target = random.Random(number), Path(target)
        pointer, files = self.copies()
        said = []
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            said.append(rng.choice(_CHANGES)(rng, pointer, files))
        self.put(target, pointer, files, signed=rng.random() < 0.97)
        if rng.random() < 0.05:
            said.append(_misplace(rng, target, self.version))
        return "; ".join(said)

    def copies(self):
        """The pointer, without its checksum, and the files, to be changed."""
        pointer = copy.deepcopy(self.pointer)
        pointer.pop("checksum")
        return pointer, dict(self.files)

    def put(self, target, pointer, files, *, signed=True):
        """Write a pointer with its checksum, and files, whose checksums are those in the pointer where ``signed``."""
        if signed and isinstance(pointer.get("files"), dict):
            told = pointer["files"].keys() & files.keys()
            hashes = {n: {"sha256": hashlib.sha256(files[n]).hexdigest(), "bytes": len(files[n])} for n in sorted(told)}
            pointer["files"] = {**pointer["files"], **hashes}
        shutil.rmtree(target, ignore_errors=True)
        for name, content in files.items():
            (target / self.version / name).parent.mkdir(parents=True, exist_ok=True)
            (target / self.version / name).write_bytes(content)
        checksum = hashlib.sha256(json.dumps(pointer, sort_keys=True).encode()).hexdigest()
        target.mkdir(parents=True, exist_ok=True)
        (target / POINTER).write_bytes(json.dumps({**pointer, "checksum": checksum}).encode())


def _change_json(rng, pointer, files):
    """One value of a document becomes another, or moves, or is gone."""
    name = rng.choice([POINTER, POINTER, *(own for own in files if own.endswith(".json"))])
    try:
        document = pointer if name == POINTER else json.loads(files[name])
    except (ValueError, RecursionError):
        return "nothing"
    said = _change_value(rng, document)
    if name != POINTER:
        files[name] = json.dumps(document).encode("utf-8", "surrogatepass")
    return f"{name}: {said}"


def _places(value, path=()):
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value[:40]) if isinstance(value, list) else ()
    for key, own in items:
        found += _places(own, (*path, key))
    return found


def _at(value, path):
    for key in path:
        value = value[key]
    return value


def _change_value(rng, document):
    # Weighed by depth, so that a long list of numbers does not hide all else.
    places = [path for path in _places(document) if path]
    if not places:
        return "nothing"
    path = rng.choice(places)
    if rng.random() < 0.5:
        path = rng.choice([own for own in places if len(own) <= rng.randint(1, 4)] or places)
    parent, key = _at(document, path[:-1]), path[-1]
    if rng.random() < 0.12:
        del parent[key]
        return f"{path} removed"
    old, elsewhere = parent[key], _at(document, rng.choice(places))
    parent[key] = copy.deepcopy(rng.choice(_like(rng, old, elsewhere)) if rng.random() < 0.7 else rng.choice(VALUES))
    return f"{path}: {str(old)[:40]} to {str(parent[key])[:40]}"


def _like(rng, old, elsewhere):
    """Values that are more or less like one."""
    if isinstance(old, list):
        return [old[::-1], old * 2, old[:-1], [*old, *old[-1:]], old[:1], elsewhere, _nested(old, rng.choice([5, 100]))]
    if isinstance(old, dict):
        more = rng.choice(["more", "check", "__class__", "x" * 10_000])
        return [{**old, more: rng.choice(VALUES)}, dict(list(old.items())[1:]), elsewhere]
    if isinstance(old, str):
        return [old + "x", old[:-1], old.upper(), old * 1000, old[::-1], elsewhere]
    if isinstance(old, bool) or old is None:
        return [not old, elsewhere, "true", 1]
    return [old + 1, old - 1, -old, old * 1000, old * 10**9, old // 3, str(old), not old, elsewhere]


def _nested(value, depth):
    for _ in range(depth):
        value = [value]
    return value


def _change_bytes(rng, pointer, files):
    """A file has other bytes, fewer, or more."""
    name = rng.choice(sorted(files) or ["transformer.json"])
    content = bytearray(files.get(name, b""))
    kind = rng.randrange(4)
    if not content or kind == 0:
        content += rng.randbytes(rng.choice([1, 10, 1000]))
    elif kind == 1:
        del content[rng.randrange(len(content)) :]
    else:
        for _ in range(rng.choice([1, 3, 30])):
            content[rng.randrange(len(content))] = rng.randrange(256)
    files[name] = bytes(content)
    return f"{name}: bytes"


def _change_tensors(rng, pointer, files):
    """A header of tensors says something else, or numbers are none."""
    name = rng.choice([own for own in sorted(files) if own.endswith(".safetensors")] or [None])
    if name is None or len(files[name]) < 8:
        return "nothing"
    (size,) = struct.unpack("<Q", files[name][:8])
    try:
        header, body = json.loads(files[name][8 : 8 + size]), bytearray(files[name][8 + size :])
    except (ValueError, RecursionError):
        return "nothing"
    tensors = [own for own, value in header.items() if isinstance(value, dict) and own != "__metadata__"]
    if not tensors:
        return "nothing"
    own = rng.choice(tensors)
    kind = rng.randrange(5)
    if kind == 0 and len(body) >= 8:
        at = rng.randrange(0, len(body) - 7) // 4 * 4
        body[at : at + 4] = struct.pack("<f", rng.choice([float("nan"), float("inf"), 1e38, -1e38, 0.0]))
        said = "a number"
    elif kind == 1 and isinstance(header[own].get("shape"), list):
        shape = header[own]["shape"]
        header[own]["shape"] = rng.choice(
            [shape[::-1], [1, *shape], [10**9, 0], [0], [], [10**18, 10**18], [len(body)]]
        )
        said = f"shape {header[own]['shape']}"
    elif kind == 2:
        header[own]["dtype"] = rng.choice(["F64", "F16", "BF16", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "X"])
        said = f"dtype {header[own]['dtype']}"
    elif kind == 3:
        header[rng.choice(tensors)], header[own] = header[own], header[rng.choice(tensors)]
        said = "names"
    else:
        header.pop(own)
        said = f"without {own}"
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    files[name] = struct.pack("<Q", len(text)) + text + bytes(body)
    return f"{name}: {said}"


def _change_files(rng, pointer, files):
    """A file holds what another does, or is not told of, or is told of and not there."""
    if not files:
        return "nothing"
    one, other = rng.choice(sorted(files)), rng.choice(sorted(files))
    kind = rng.randrange(4)
    if kind == 0:
        files[one], files[other] = files[other], files[one]
        return f"{one} and {other} swapped"
    if kind == 1:
        pointer["files"].pop(one, None) if isinstance(pointer.get("files"), dict) else None
        return f"{one} not told of"
    if kind == 2:
        files[one] = rng.choice([b"", b"{}", b"[]", b"null", b"[" * 100_000, b"PAR1", b'"' + b"a" * 10_000 + b'"'])
        return f"{one} is something else"
    del files[one]
    return f"{one} gone"


def _misplace(rng, target, version):
    """Something is no regular file, or not where it is."""
    place = rng.choice([target / POINTER, *sorted(p for p in (target / version).rglob("*") if p.is_file())])
    kind = rng.randrange(6)
    if kind == 5:
        (target / version).rename(target.parent / "elsewhere")
        (target / version).symlink_to(target.parent / "elsewhere")
        return "the folder is a link"
    place.unlink()
    if kind == 0:
        os.mkfifo(place)
    elif kind == 1:
        place.symlink_to("/dev/zero")
    elif kind == 2:
        place.symlink_to(place)
    elif kind == 3:
        place.mkdir()
    else:
        place.touch()
        os.truncate(place, 1 << 40)
    return f"{place.name} is of kind {kind}"


_CHANGES = [_change_json, _change_json, _change_json, _change_json, _change_bytes, _change_tensors, _change_files]
