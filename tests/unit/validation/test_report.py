import html
import json
import math
import re
from html.parser import HTMLParser

import pytest

from synthohive_spark.errors import QualityError, SchemaError, SerializationError
from synthohive_spark.validation.charts import bar_chart, heat_map, percent
from synthohive_spark.validation.figures import (
    Bar,
    BrokenBound,
    ColumnReport,
    DependencyReport,
    DetectorReport,
    Histogram,
    PairReport,
    TableReport,
    TellingColumn,
)
from synthohive_spark.validation.page import render
from synthohive_spark.validation.report import Failure, ValidationReport

NASTY = '<script>alert("1")</script>\'&`ü\n.'


def table(**changes):
    columns = (
        ColumnReport("age", "int", "numeric", 0.0, 0.01, ks=0.213, range_coverage=0.9,
                     histogram=Histogram(1.0, 90.0, (0.25,) * 4, (0.1, 0.4, 0.4, 0.1))),
        ColumnReport(NASTY, "string", "categorical", 0.0, 0.0, tvd=0.05, category_coverage=1.0, new_categories=0,
                     bars=(Bar(NASTY, 0.7, 0.65), Bar(None, 0.3, 0.35))),
        ColumnReport("note", "string", "text", 0.5, 0.5, shared_values=0.0),
        ColumnReport("empty", "int", "numeric", 1.0, 1.0),
    )  # fmt: skip
    values = dict(
        name="customers", rows_real=100, rows_synthetic=80, columns=columns, copies=0.0, real_twins=0.0,
        pairs=(PairReport("age", NASTY, 0.6, 0.1),), key_duplicates=0, key_nulls=0,
    )  # fmt: skip
    return TableReport(**{**values, **changes})


class Page(HTMLParser):
    VOID = ("meta", "i", "rect", "line", "polyline", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_a_gate_passes_and_lists_every_figure_that_is_over_its_limit():
    ValidationReport((table(),)).require(max_ks=0.3)
    with pytest.raises(QualityError, match=r"^customers\.age: ks 0\.213 \(at most 0\.1\)$") as caught:
        ValidationReport((table(),)).require()
    assert caught.value.failures == (Failure("customers", "age", "ks", 0.213, 0.1),)
    bad = table(copies=0.25, key_duplicates=3, key_nulls=1, schema_differences=("'x' is missing",))
    with pytest.raises(QualityError) as caught:
        ValidationReport((bad, table(name="other"))).require(max_tvd=0.01, max_null_rate_error=0.001)
    assert [(f.table, f.column, f.metric) for f in caught.value.failures] == [
        ("customers", None, "schema_differences"),
        ("customers", None, "copies"),
        ("customers", None, "key_faults"),
        ("customers", "age", "ks"),
        ("customers", "age", "null_rate_error"),
        ("customers", NASTY, "tvd"),
        ("other", "age", "ks"),
        ("other", "age", "null_rate_error"),
        ("other", NASTY, "tvd"),
    ]
    assert "customers: schema_differences 1 (at most 0), 'x' is missing" in str(caught.value)
    assert "customers: copies 0.25 (at most 0)" in str(caught.value)
    assert "customers: key_faults 0.05 (at most 0)" in str(caught.value)
    ValidationReport((bad,)).require(max_ks=None, max_copies=None, max_key_faults=None, same_schema=False)


def test_the_gate_of_the_detector_is_off_unless_asked_for():
    told = table(detector=DetectorReport(0.9, 80))
    ValidationReport((told,)).require(max_ks=0.3)
    ValidationReport((told, table(), table(detector=DetectorReport(None, 80)))).require(
        max_ks=0.3, max_detector_auc=0.9
    )
    with pytest.raises(QualityError, match=r"^customers: detector_auc 0\.9 \(at most 0\.6\)$"):
        ValidationReport((told,)).require(max_ks=0.3, max_detector_auc=0.6)


def test_the_detector_and_rows_left_out_are_in_json_and_on_the_page():
    country = ColumnReport("country", "string", "categorical", 0.5, 0.0, tvd=0.01, new_categories=0,
                           suppressed_rows=12, suppressed_share=0.24, kept_from=5)  # fmt: skip
    city = ColumnReport("city", "string", "categorical", 0.0, 0.0, tvd=0.0, new_categories=0,
                        suppressed_rows=0, suppressed_share=0.0, kept_from=5)  # fmt: skip
    told = table(detector=DetectorReport(0.873, 80, (TellingColumn(NASTY, 0.2),)), columns=(country, city))
    (found,) = ValidationReport((told,)).to_json()["tables"]
    assert found["summary"]["detector_auc"] == 0.873
    assert (found["summary"]["suppressed_rows"], found["summary"]["suppressed_share"]) == (12, pytest.approx(12 / 150))
    assert found["detector"]["columns"] == [{"name": NASTY, "auc_drop": 0.2}]
    assert found["detector"]["sentence"] == told.detector.sentence
    assert [c["suppressed_rows"] for c in found["columns"]] == [12, 0]
    page = Page(render([told]))
    assert page.open == [] and "script" not in [tag for tag, _ in page.tags]
    joined = " ".join(" ".join(page.text).split())
    for shown in (
        "Detector AUC 0.873 A classifier finds the synthetic one of two rows in 87.3% of cases",
        "12 values of real rows (8.0% of those of categories) are set aside",
        "12 rows left out (24.0%) values of fewer than 5 rows",
    ):
        assert shown in joined, shown
    without = "".join(Page(render([table()])).text)
    assert "Detector AUC" not in without and "set aside for that" not in without


def test_an_empty_synthetic_table_does_not_pass():
    empty = TableReport("customers", 100, 0)
    with pytest.raises(QualityError, match=re.escape("customers: rows 0 (at least 1)")):
        ValidationReport((empty,)).require()
    ValidationReport((TableReport("customers", 0, 0),)).require()


@pytest.mark.parametrize("limit", [-0.1, 1.1, math.nan, True, "0.1"])
def test_a_limit_is_a_number_from_0_to_1(limit):
    with pytest.raises(SchemaError, match="max_tvd must be a number from 0 to 1"):
        ValidationReport(()).require(max_tvd=limit)


def test_the_summary():
    report = table()
    assert (report.mean_tvd, report.mean_ks) == (0.05, 0.213)
    assert report.worst_column.name == "age"
    assert report.mean_pair_difference == pytest.approx(0.5)
    assert report.worst_pair == report.pairs[0]
    assert table(columns=(), pairs=()).mean_tvd is table(columns=(), pairs=()).worst_column is None


def test_json_holds_plain_finite_values(tmp_path):
    odd = table(copies=math.nan, broken_bounds=(BrokenBound("age", "min=0", 3),), violating_rows=3)
    ValidationReport((odd,)).write_json(tmp_path / "new" / "report.json")
    found = json.loads((tmp_path / "new" / "report.json").read_text(encoding="utf-8"))
    assert found == ValidationReport((odd,)).to_json()
    (only,) = found["tables"]
    assert only["copies"] is None
    assert only["columns"][1]["bars"] == [
        {"label": NASTY, "real": 0.7, "synthetic": 0.65},
        {"label": None, "real": 0.3, "synthetic": 0.35},
    ]
    assert only["summary"]["worst_column"] == "age"
    assert only["summary"]["worst_pair"] == ["age", NASTY]
    assert only["pairs"][0]["difference"] == pytest.approx(0.5)
    assert only["broken_bounds"] == [{"column": "age", "bound": "min=0", "rows": 3}]


def test_the_page_is_whole_and_escapes_every_name(tmp_path):
    named = table(name=NASTY, schema_differences=(f"{NASTY!r} is missing",), key_duplicates=2,
                  broken_bounds=(BrokenBound(NASTY, "min=0", 3),))  # fmt: skip
    ValidationReport((named, table())).write_html(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert "script" not in tags and "link" not in tags and "img" not in tags
    assert tags.count("section") == 2
    for svg in [i for i, tag in enumerate(tags) if tag == "svg"]:
        assert tags[svg + 1 : svg + 3] == ["title", "desc"]
    assert not any(
        "://" in str(value) or key.startswith("on") for _, attrs in page.tags for key, value in attrs.items()
    )
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [attrs for _, attrs in page.tags]
    assert "prefers-color-scheme: dark" in text
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert NASTY in page.text
    joined = "".join(page.text)
    for shown in ("0.213", "0% → 1.0%", "90.0%", "3 rows break min=0", "2 rows repeat a key", "all others"):
        assert shown in joined, shown


def figures_of(**changes):
    page = Page(render([table(**changes)]))
    return " ".join(" ".join(page.text).split())


def test_the_page_says_what_there_was_nothing_to_measure_of():
    assert "Copied rows \N{EN DASH} no column is left to compare" in figures_of(copies=None, real_twins=None)
    assert "Copied rows 0% real rows with a real twin: 0%" in figures_of()
    assert "Broken rules \N{EN DASH} none was found or declared" in figures_of()
    assert "Rows out of bounds 3 of 2 declared bounds" in figures_of(checked_bounds=2, violating_rows=3)
    rule = DependencyReport("a is b", 0, 5, 0.0, 0.1)
    assert "Broken rules 1 of 1 that hold in every row" in figures_of(checked_bounds=2, dependencies=(rule,))


@pytest.mark.parametrize(
    "label",
    [
        "Moravskoslezský kraj",
        "POPLATEK MESICNE",
        "W" * 15,
        "i" * 60,
        "mmm WWW mmm",
        "account_to_number",
        "a = b + c & d",
    ],
)
def test_labels_of_pictures_are_cut_where_their_room_ends(label):
    """Measured in a font broader than most."""
    font_manager = pytest.importorskip("matplotlib.font_manager")
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    font.set_size(11, 72)
    pairs = [PairReport(label, "other", 0.5, 0.1)]
    for picture in (bar_chart("c", [Bar(label, 0.6, 0.5), Bar(None, 0.4, 0.5)]), heat_map(pairs)):
        shown = re.findall(r'<text class="label[^>]* x="(\d+)"[^>]*text-anchor="end">([^<]+)<', picture)
        assert len(shown) == 2
        for room, text in shown:
            width = sum(font.load_char(ord(c)).linearHoriAdvance / 65536 for c in html.unescape(text))
            assert width <= float(room), (text, width)
        texts = [html.unescape(text) for _, text in shown]
        assert label in texts or any(t.endswith("…") and len(t) > 7 and label.startswith(t[:-1]) for t in texts)


def test_what_is_too_broad_scrolls_in_its_box_and_a_shade_shows_that_there_is_more():
    text = render([table(dependencies=(DependencyReport("a is b", 0, 5, 0.0, 0.1),))])
    assert text.count("<table>") == 3 and len(re.findall(r'<div class="scroll"[^>]*>\s*<table>', text)) == 3
    box = re.search(r"\.scroll \{([^}]+)\}", text)[1]
    assert "overflow-x: auto" in box and "local" in box and "var(--shade)" in box


def test_a_page_of_nothing():
    assert Page(render([])).open == []
    assert Page(render([TableReport("t", 0, 0)])).open == []


def test_a_report_that_cannot_be_written_says_where(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SerializationError, match="cannot be written to .*file/report.html"):
        ValidationReport(()).write_html(tmp_path / "file" / "report.html")


def test_a_report_goes_where_its_path_name_says_and_to_no_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = ValidationReport(())
    report.write_html(f"file://{tmp_path}/deep/report.html")
    assert (tmp_path / "deep/report.html").read_text() == render((), None)
    with pytest.raises(
        SerializationError, match="the report cannot be written to 'ftp://host/r.html'.*cannot be reached"
    ):
        report.write_html("ftp://host/r.html")
    assert [p.name for p in tmp_path.iterdir()] == ["deep"]


def test_shares_as_text():
    assert [percent(x) for x in (None, 0, 1e-6, 0.0123, 0.5, 0.99999, 1)] == [
        "\N{EN DASH}", "0%", "<0.1%", "1.2%", "50.0%", ">99.9%", "100%",
    ]  # fmt: skip
