"""Loading a pipeline from a directory that somebody else made: which classes its stages name is looked at first."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.ml import PipelineModel

from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory.pointer import parse_json
from synthohive_spark.model_directory.storage import Folder
from synthohive_spark.stages.estimator import SynthesizerTransformer
from synthohive_spark.stages.model import SynthesizerTransformerModel

_OURS = {f"{own.__module__}.{own.__name__}" for own in (SynthesizerTransformer, SynthesizerTransformerModel)}
_THEIRS = re.compile(r"(pyspark|org\.apache\.spark)\.ml(\.[a-z]\w*)*\.[A-Z]\w*")
_RECORD, _HIDDEN = re.compile(r"part-\d{5}(-[0-9a-f-]+-c\d{3}\.txt)?"), ("_", ".")
_UID = re.compile(r"\w+")
_LARGEST, _DEEPEST = 1 << 20, 16


def load_pipeline(path: str | os.PathLike[str]) -> PipelineModel:
    """Load a pipeline from a directory whose origin you do not trust.

    ``PipelineModel.load`` imports whatever class a stage names. Here only classes of pyspark.ml and of this package are
    loaded, and models of this package are verified as ever.

    Args:
        path: Where it was saved: a local or mounted folder, or an object store's URI.

    Raises:
        SerializationError: If a stage names another class, or lies elsewhere, or nothing can be read.
    """
    folder = Folder.at(path)
    found = 0
    for name, record in _records(folder, "", 0):
        kind = record.get("class")
        if not isinstance(kind, str) or not (kind in _OURS or _THEIRS.fullmatch(kind)):
            raise SerializationError(f"{name} in {folder.name!r} names the class {kind!r}, which is not loaded")
        parameters = record.get("paramMap")
        uids = parameters.get("stageUids", []) if isinstance(parameters, dict) else None
        if not isinstance(uids, list) or not all(isinstance(uid, str) and _UID.fullmatch(uid) for uid in uids):
            raise SerializationError(f"{name} in {folder.name!r} names stages that no pipeline has")
        found += 1
    if not found:
        raise SerializationError(f"there is no pipeline in {folder.name!r}")
    return PipelineModel.load(os.fspath(path))


def _records(folder: Folder, inside: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every record of pyspark.ml in a folder and those in it, by its name."""
    if depth > _DEEPEST:
        raise SerializationError(f"{inside} in {folder.name!r} lies too deep")
    for name, is_folder in folder.entries(inside):
        path = f"{inside}/{name}".lstrip("/")
        if folder.is_local and os.path.islink(f"{folder.path}/{path}"):
            raise SerializationError(f"{path} in {folder.name!r} is a link")
        if not is_folder:
            continue
        if name != "metadata":
            yield from _records(folder, path, depth + 1)
            continue
        for own, is_own_folder in folder.entries(path):
            if own.startswith(_HIDDEN):
                continue
            content = None if is_own_folder or not _RECORD.fullmatch(own) else folder.read(f"{path}/{own}", _LARGEST)
            if content is None or len(content) > _LARGEST:
                raise SerializationError(f"{path}/{own} in {folder.name!r} is no record of a stage")
            for line in filter(None, content.split(b"\n")):
                record = parse_json({path: line}, path)
                if not isinstance(record, dict):
                    raise SerializationError(f"{path}/{own} in {folder.name!r} is no record of a stage")
                yield f"{path}/{own}", record
