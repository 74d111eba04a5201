"""Make Jupyter notebooks of the notebooks in Databricks' source format; nothing is run.

python scripts/make_notebooks.py [--to .work/notebooks] [notebooks/01_one_table.py ...]
"""

from __future__ import annotations

import argparse
import pathlib

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

_ROOT = pathlib.Path(__file__).parents[1]
_FIRST, _BETWEEN, _MAGIC = "# Databricks notebook source\n", "# COMMAND ----------\n", "# MAGIC"


def notebook(source: str) -> nbformat.NotebookNode:
    """The notebook of a source file.

    A cell of ``# MAGIC`` lines is Markdown where it begins with ``%md``, and else code, as IPython knows ``%pip`` and
    the like itself.

    Raises:
        ValueError: If it does not begin as Databricks' source files do.
    """
    if not source.startswith(_FIRST):
        raise ValueError(f"a notebook begins with {_FIRST.strip()!r}")
    cells = [_cell(text.strip()) for text in source.removeprefix(_FIRST).split(_BETWEEN)]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"  # or it would be another one each time
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    nbformat.validate(made)
    return made


def _cell(text: str) -> nbformat.NotebookNode:
    lines = text.splitlines()
    if not all(line.startswith(_MAGIC) for line in lines):
        return new_code_cell(text)
    text = "\n".join(line.removeprefix(_MAGIC).removeprefix(" ") for line in lines)
    return new_markdown_cell(text.removeprefix("%md").lstrip()) if text.startswith("%md") else new_code_cell(text)


def main() -> None:
    """Write a notebook for each file that the command line names, or for all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", type=pathlib.Path)
    parser.add_argument("--to", type=pathlib.Path, default=_ROOT / ".work" / "notebooks", help="the folder")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    for source in arguments.sources or sorted((_ROOT / "notebooks").glob("*.py")):
        target = arguments.to / source.with_suffix(".ipynb").name
        nbformat.write(notebook(source.read_text()), target)
        print(target)


if __name__ == "__main__":
    main()
