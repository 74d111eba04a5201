"""Whether the links that `Metadata.from_tables` infers are those of a database, and how long it takes.

Run as ``python -m benchmarks.links FOLDER...``; a folder holds a parquet file for each table and ``schema.json``,
``{"TABLE": {"pk": "id" or ["a", "b"], "fk": {"column": "PARENT.column", "a,b": "PARENT.a,b"}}}``.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
import time

from benchmarks.markdown import markdown_table


def main(argv: list[str] | None = None) -> None:
    from synthohive_spark import Metadata
    from synthohive_spark.spark.session import embedded_session

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    folders = parser.parse_args(argv).folders
    spark, lines = embedded_session(tempfile.mkdtemp()), []
    for folder in folders:
        schema = json.loads((folder / "schema.json").read_text())
        frames = {name: spark.read.parquet(str(folder / f"{name}.parquet")) for name in schema}
        started = time.monotonic()
        metadata = Metadata.from_tables(frames, spark)
        seconds = time.monotonic() - started
        real = {(t, c, parent) for t, s in schema.items() for c, parent in s["fk"].items()}
        found = {
            (t, ",".join(link.columns), f"{link.parent}.{','.join(link.parent_columns)}")
            for t, declared in metadata.tables.items()
            for link in declared.fk
        }
        keys = {t: s["pk"] if isinstance(s["pk"], list) else [s["pk"]] for t, s in schema.items() if s["pk"]}
        right = sum(list(metadata.tables[t].pk) == pk for t, pk in keys.items())
        lines.append(
            [folder.name, len(schema), f"{right} of {len(keys)}", len(real), f"{len(found & real)} of {len(found)}"]
        )
        lines[-1] += [f"{len(found & real) / max(len(real), 1):.2f}", f"{seconds:.0f}"]
        for what, links in (("wrong", found - real), ("missed", real - found)):
            for table, columns, parent in sorted(links):
                print(f"{folder.name}: {what}: {table}.{columns} -> {parent}")
    print(markdown_table(["database", "tables", "keys", "links", "right", "recall", "seconds"], lines))


if __name__ == "__main__":
    main()
