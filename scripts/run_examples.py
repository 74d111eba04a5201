"""Run the code of the worked examples in a session of their own, and put what it prints beneath each block.

python scripts/run_examples.py docs/examples/orders.md [...] [--folder .work/examples]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pathlib
import re
import textwrap

from synthohive_spark.spark.session import embedded_session

_BLOCK = re.compile(r"^```python\n(.*?)^```\n((?:(?:    [^\n]*)?\n)*)", re.DOTALL | re.MULTILINE)


def run_page(text: str, names: dict[str, object]) -> str:
    """The page with what its blocks print, indented, in place of what stood there."""

    def run(block: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block[1], "example", "exec"), names)
        lines = "\n".join(line.rstrip() for line in printed.getvalue().rstrip().splitlines())
        return f"```python\n{block[1]}```\n\n" + (textwrap.indent(lines, "    ") + "\n\n" if lines else "")

    return _BLOCK.sub(run, text)


def main() -> None:
    """Run the pages that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(".work/examples"), help="for what is made")
    arguments = parser.parse_args()
    pages = [page.resolve() for page in arguments.pages]
    arguments.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(arguments.folder)
    spark = embedded_session(".")
    for page in pages:
        page.write_text(run_page(page.read_text(), {"spark": spark, "__name__": "example"}))


if __name__ == "__main__":
    main()
