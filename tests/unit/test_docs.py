"""The documentation builds without a warning, and says what is there."""

import pathlib
import re
import subprocess
import sys

import pytest

import synthohive_spark

ROOT = pathlib.Path(__file__).parents[2]
CONTRACT = (ROOT / "docs" / "contract.md").read_text()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def page_of(name):
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("syntho_hive", "synthohive")
    return f"reference/{words}.html"


def first_sentence(name):
    doc = getattr(synthohive_spark, name).__doc__.strip().split("\n\n")[0]
    return re.sub(r"\s+", " ", re.split(r"``|,|\(", doc)[0].strip(". \n"))


def test_every_public_name_has_a_page_from_its_docstring(site):
    lacking = []
    for name in synthohive_spark.__all__:
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", (site / page_of(name)).read_text()))
        if name not in text or first_sentence(name) not in text:
            lacking.append(name)
    assert not lacking


def test_every_page_of_a_public_name_is_in_the_navigation():
    listed = (ROOT / "mkdocs.yml").read_text()
    for path in (ROOT / "docs").rglob("*.md"):
        assert str(path.relative_to(ROOT / "docs")) in listed


def test_nothing_is_fetched_from_elsewhere(site):
    page = (site / "quickstart.html").read_text()
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"https?://", page)


def test_every_test_that_the_contract_names_is_there():
    lacking = []
    for line in sorted(set(re.findall(r"`(tests/[^`]+)`", CONTRACT))):
        path, _, name = line.partition("::")
        text = (ROOT / path).read_text() if (ROOT / path).exists() else None
        if text is None or (name and not re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE)):
            lacking.append(line)
    assert not lacking, "\n".join(lacking)


def test_the_contract_names_every_line_of_it():
    for line in ("CORE-01", "CORE-02, 03", "CORE-04", "QUAL-04", "QUAL-05", "CONN-04", "TEST-01", "TEST-03", "TEST-05"):
        assert f"| {line} |" in CONTRACT
    for promise in range(1, 13):
        assert f"| {promise} |" in CONTRACT
    assert len(set(re.findall(r"`tests/[^`]+::[^`]+`", CONTRACT))) > 30


def test_what_the_first_hour_makes_in_the_clone_is_left_out_of_git():
    page = (ROOT / "docs" / "first_hour.md").read_text()
    (listed,) = re.findall(r"put (.+) into `.gitignore`", page)
    made = re.findall(r"`([^`]+)`", listed)
    assert made == ["my_files/", "work/", "mine.yaml", "report.html"]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert not [name for name in made if f"/{name}" not in ignored]
    # Every file and folder that its commands name is one of these.
    for option in ("local", "output", "model", "report"):
        for path in re.findall(rf"--{option} (\S+)", page):
            assert path.partition("/")[0].rstrip("/") in {name.rstrip("/") for name in made}, path
