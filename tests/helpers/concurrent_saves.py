"""Processes that save to one path at the same time, round after round, with readers beside them."""

import multiprocessing

from synthohive_spark.errors import SynthoHiveError
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import write_model

LIMIT = 120


def files_of(writer, turn):
    """What a writer saves in a round, told apart by every byte."""
    word = f"{writer}.{turn} ".encode()
    return {"transformer.json": word, "generator.safetensors": word * 2_000}


def _write(path, writer, rounds, first, barrier, answers):
    problems, saved = [], 0
    for turn in range(rounds):
        target = f"{path}-{turn}" if first else path
        barrier.wait(LIMIT)
        try:
            write_model(target, files_of(writer, turn), {"writer": writer, "turn": turn}, overwrite=not first)
            saved += 1
        except SynthoHiveError as error:
            problems.append(str(error))
        barrier.wait(LIMIT)
        if writer == 0 and not first:  # nobody writes until all have passed the barrier again
            try:
                read_model(path)
            except SynthoHiveError as error:
                problems.append(f"lost in round {turn}: {error}")
    answers.put(("writer", saved, problems))


def _read(path, barrier, done, answers):
    problems, read = [], 0
    barrier.wait(LIMIT)
    while not done.is_set():
        try:
            found = read_model(path)
            if found.files != files_of(found.metadata["writer"], found.metadata["turn"]):
                problems.append("files of two models")
            read += 1
        except SynthoHiveError as error:
            problems.append(str(error))
    answers.put(("reader", read, problems))


def save_at_once(path, *, writers, rounds, readers=0, first=False):
    """How many saves and reads there were, and all that went wrong, of writers and of readers.

    Args:
        path: Where all save to; with ``first``, a new place each round, as none may be replaced.
        writers: Processes that save.
        rounds: Times that each saves, all of them at once.
        readers: Processes that read all the time.
        first: Whether they save without overwriting.
    """
    context = multiprocessing.get_context("spawn")
    barrier, start = context.Barrier(writers), context.Barrier(readers + 1)
    answers, done = context.Queue(), context.Event()
    own = [context.Process(target=_write, args=(path, n, rounds, first, barrier, answers)) for n in range(writers)]
    beside = [context.Process(target=_read, args=(path, start, done, answers)) for _ in range(readers)]
    for process in beside:
        process.start()
    start.wait(LIMIT)
    for process in own:
        process.start()
    found = [answers.get(timeout=LIMIT) for _ in own]
    done.set()
    found += [answers.get(timeout=LIMIT) for _ in beside]
    for process in (*own, *beside):
        process.join(LIMIT)
    counts = {kind: sum(n for k, n, _ in found if k == kind) for kind in ("writer", "reader")}
    return counts["writer"], counts["reader"], [problem for _, _, problems in found for problem in problems]
