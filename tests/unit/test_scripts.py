"""Notebooks become Jupyter notebooks whose code is theirs, and pages of examples take up what they print."""

import ast
import pathlib

import nbformat
import pytest

from scripts.make_notebooks import main, notebook
from scripts.run_examples import run_page

NOTEBOOKS = sorted((pathlib.Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_of_a_jupyter_notebook_are_the_code_of_its_source(path, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["make_notebooks", str(path), "--to", str(tmp_path)])
    main()
    made = nbformat.read(tmp_path / f"{path.stem}.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(path.read_text()))
    first = made.cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert all("MAGIC" not in cell.source and "COMMAND" not in cell.source for cell in made.cells)
    assert sum(cell.cell_type == "markdown" for cell in made.cells) >= 5


def test_other_magics_stay_code_and_the_same_source_is_the_same_notebook():
    source = "# Databricks notebook source\n# MAGIC %pip install x\n\n"
    source += "# COMMAND ----------\n\n# MAGIC %md a *b*\n# MAGIC\n# MAGIC c\n"
    made = notebook(source)
    assert [(cell.cell_type, cell.source) for cell in made.cells] == [
        ("code", "%pip install x"),
        ("markdown", "a *b*\n\nc"),
    ]
    assert nbformat.writes(made) == nbformat.writes(notebook(source))


def test_what_is_no_notebook_is_refused():
    with pytest.raises(ValueError, match="a notebook begins with '# Databricks notebook source'"):
        notebook("print(1)\n")


def test_a_page_takes_up_what_its_blocks_print_in_place_of_what_stood_there():
    page = (
        "# a\n\n```python\nx = 1\n```\n\ntext\n\n```python\nprint(x)\nprint('b ')\n```\n\n    old\n\n    older\n\nend\n"
    )
    made = "# a\n\n```python\nx = 1\n```\n\ntext\n\n```python\nprint(x)\nprint('b ')\n```\n\n    1\n    b\n\nend\n"
    assert run_page(page, {}) == made
    assert run_page(made, {}) == made
