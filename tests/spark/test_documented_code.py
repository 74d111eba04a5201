"""Every block of code in the README and in the documentation runs, on the database it speaks of."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest
from typer.testing import CliRunner

from tests.helpers.versions import needs_streams

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "reference")]
BLOCK = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PRINTED = re.compile(r"print\(metadata\.describe\(\)\)\n```\n\n((?:    .*\n)+)")
LINKS = [
    ("customers", "region", "regions"),
    ("orders", "customer", "customers"),
    ("items", "order_id", "orders"),
    ("items", "product", "products"),
]
RUN = ("python", "yaml", "bash")
STREAMS = ("docs/guides/pipelines.md",)
LONG = ("docs/first_hour.md", "docs/examples/orders.md", "docs/examples/patients.md")
LONG += ("docs/guides/jobs.md", "docs/guides/linked_tables.md", "docs/guides/mlflow.md", "docs/guides/pipelines.md")
OWN_PROCESSES = ("docs/first_hour.md",)
"""Pages whose reader leaves Python between two blocks, so that none knows the names of an earlier one."""
DATABASES = ["shop_synthetic", "shop_copy", "shop_hive", "mine", "mine_synthetic"]
DATABASES += [f"{name}{kind}" for name in ("furniture", "hospital") for kind in ("", "_draft", "_synthetic")]


@pytest.fixture(scope="module")
def shop_database(spark):
    from synthohive_spark import write_table

    spark.sql("CREATE DATABASE shop")
    customers = spark.range(500).selectExpr(
        "id AS customer",
        "concat('Ann ', char(65 + id % 26), '. ', initcap(translate(hex(id * 7919), '0123456789', 'aeioulnrst'))) name",
        "concat('user', id, '@mail', id % 9, '.org') AS email",
        "IF(id % 3 = 0, 'north', 'south') AS region",
        "CAST(18 + id % 50 AS INT) AS age",
        "'x' AS notes",
    )
    write_table(customers, "shop.customers")
    write_table(
        spark.createDataFrame([("north", "Oslo"), ("south", "Rome")], "region STRING, hub STRING"), "shop.regions"
    )
    products = spark.range(60).selectExpr(
        "format_string('SKU-%05d', id * 1327) AS product",
        "element_at(array('book', 'film', 'game'), CAST(1 + id % 3 AS INT)) AS category",
    )
    write_table(products, "shop.products")
    # Who lives in the north orders two to six times, others at most three times; each time later than before.
    most = "CAST(id * 31 % 5 + IF(id % 3 = 0, 2, -1) AS INT)"
    orders = spark.range(500).selectExpr(
        "id AS customer", f"explode(sequence(1, greatest({most}, 1))) AS place", f"{most} AS most"
    )
    orders = orders.where("place <= most")
    write_table(numbered(orders), "shop.orders")
    items = spark.table("shop.orders").selectExpr(
        "order_id", "explode(sequence(1, CAST(1 + order_id * 7 % 4 AS INT))) AS line"
    )
    items = items.selectExpr(
        "order_id",
        "line",
        "format_string('SKU-%05d', (order_id * 17 + line * 23) % 60 * 1327) AS product",
        "CAST(1 + (order_id + line * 5) % 8 AS INT) AS pieces",
    )
    write_table(items, "shop.items")
    yield
    spark.sql("DROP DATABASE shop CASCADE")


def numbered(orders):
    """Orders with a key, a date, a price and a quantity."""
    orders = orders.selectExpr("row_number() OVER (ORDER BY customer, place) - 1 AS number", "customer", "place")
    return orders.selectExpr(
        "CAST(number AS BIGINT) AS order_id",
        "customer",
        "date_add(DATE'2024-01-01', CAST(customer * 13 % 300 + place * 20 + number * 7 % 20 AS INT)) AS ordered",
        "CAST(number % 40 AS DOUBLE) / 4 AS price",
        "CAST(1 + number % 9 AS BIGINT) AS quantity",
    )


def blocks(page):
    found = BLOCK.findall(page.read_text())
    assert all(language in RUN for language, _, _ in found), f"{page} has a block that no test can run"
    return found


def run_command(line, folder):
    from synthohive_spark.jobs import app

    name, *arguments = line.split()
    assert name == "synthohive", line
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)


def run_pipeline(folder):
    """The files of a page's transformations as one pipeline."""
    (folder / "spark-pipeline.yml").write_text(
        f"name: documented\nlibraries:\n  - glob:\n      include: transformations/**\nstorage: file://{folder}/storage\n"
    )
    tool = pathlib.Path(sys.executable).parent / "spark-pipelines"
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PATH": f"{tool.parent}:{os.environ['PATH']}"}
    env["SYNTHO_MODEL"] = str(folder / "syntho_models" / "shop")
    env["SYNTHO_PRICES"] = str(folder / "syntho_models" / "prices")
    env["SYNTHO_ORDERS"] = str(folder / "syntho_models" / "orders")
    env["SYNTHO_ARRIVING"] = str(folder / "arriving")
    done = subprocess.run([str(tool), "run"], capture_output=True, text=True, cwd=folder, env=env)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def prepare(page, folder, monkeypatch):
    """What a page takes for granted: files of the reader's own, and a fit that is over soon."""
    from synthohive_spark.examples import orders
    from tests.helpers.short_fits import fit_by_epochs

    if page.name == "first_hour.md":
        (folder / "my_files").mkdir()
        for name, table in orders.tables(200).items():
            table.to_csv(folder / "my_files" / f"{name}.csv", index=False)
    fit_by_epochs(monkeypatch, 8)


@pytest.fixture
def run_page(spark, shop_database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(page):
        prepare(page, tmp_path, monkeypatch)
        names = {"spark": spark, "__name__": "documented"}
        for view in spark.catalog.listTables():
            if view.isTemporary:  # an earlier page's, which Spark lists among the tables of every database
                spark.catalog.dropTempView(view.name)
        spark.sql("CREATE DATABASE IF NOT EXISTS shop_synthetic")
        for language, title, code in blocks(page):
            if title:
                path = tmp_path / title
                path.parent.mkdir(exist_ok=True)
                path.write_text(code)
            elif language == "bash":
                for line in code.replace("\\\n", " ").splitlines():
                    run_command(line, tmp_path)
            else:
                assert language == "python", "a block of YAML needs a title, the file it stands for"
                if str(page.relative_to(ROOT)) in OWN_PROCESSES:
                    names = {"__name__": "documented"}
                exec(compile(code, str(page), "exec"), names)
        if (tmp_path / "transformations").exists():
            run_pipeline(tmp_path)
        return names

    yield run
    for database in DATABASES:
        spark.sql(f"DROP DATABASE IF EXISTS {database} CASCADE")


def named(page):
    name = str(page.relative_to(ROOT))
    marks = [mark for mark, pages in ((pytest.mark.long, LONG), (needs_streams, STREAMS)) if name in pages]
    return pytest.param(page, id=name, marks=marks)


@pytest.mark.parametrize("page", [named(page) for page in PAGES])
def test_the_code_of_a_page_runs(spark, run_page, page, tmp_path, capsys):
    names = run_page(page)
    printed, text = capsys.readouterr().out, page.read_text()
    shown = PRINTED.findall(text)
    assert len(shown) == text.count("print(metadata.describe())")
    assert all(textwrap.dedent(plan) in printed for plan in shown)
    check = CHECKS.get(str(page.relative_to(ROOT)))
    if check is not None:
        check(spark, names, tmp_path, printed)


def check_readme(spark, names, folder, printed):
    customers, orders = spark.table("shop_synthetic.customers"), spark.table("shop_synthetic.orders")
    assert customers.count() == 2_000
    assert orders.count() / spark.table("shop.orders").count() == pytest.approx(4, rel=0.2)
    assert orders.join(customers, "customer", "left_anti").count() == 0
    assert spark.table("shop_synthetic.items").join(orders, "order_id", "left_anti").count() == 0
    assert list(names["ten_times"]) == ["regions", "customers", "orders", "items"]
    assert {r.region for r in names["north"].select("region").distinct().collect()} == {"north"}
    assert names["more_people"].shape == (1000, 3)


def check_quickstart(spark, names, folder, printed):
    customers = spark.table("shop_synthetic.customers")
    assert customers.columns == ["customer", "name", "email", "region", "age"] and customers.count() == 2_000
    assert customers.join(spark.table("shop.customers"), "email").count() == 0
    assert spark.table("shop_synthetic.orders").join(customers, "customer", "left_anti").count() == 0
    assert names["more"].count() == 100
    assert names["metadata"] == names["proposed"] and names["metadata"].tables["customers"].pk == ("customer",)
    assert "shop.customers" not in printed and "customers.email: personal (email)" in printed
    assert "<svg" in (folder / "report.html").read_text()


def check_linked_tables(spark, names, folder, printed):
    made = {name: spark.table(f"shop_synthetic.{name}") for name in names["tables"]}
    assert made["customers"].count() == 1_000
    for child, key, parent in LINKS:
        assert made[child].join(made[parent], key, "left_anti").count() == 0
    lines = made["items"].groupBy("order_id").agg({"line": "max", "order_id": "count"})
    assert lines.where("`max(line)` <> `count(order_id)`").count() == 0
    sizes = {name: df.count() for name, df in names["many_orders"].items() if name in ("customers", "orders")}
    assert sizes == {"customers": 500, "orders": 9_000}
    assert names["tenth"]["customers"].count() == 50
    assert names["of_forty"]["customers"].where("age <> 40").count() == 0
    of_these = names["of_these"]["orders"]
    assert "customers" not in names["of_these"] and of_these.count() > 0
    assert of_these.join(names["new_customers"], "customer", "left_anti").count() == 0
    assert "items.product: 0 orphans" in printed


def check_personal_data(spark, names, folder, printed):
    rows = names["made"].collect()
    assert {row.email for row in rows} == {"***@***.***"} and "notes" not in names["made"].columns
    assert {len(row.region) for row in rows} == {64} and len({row.region for row in rows}) == 2
    assert len({row.name for row in rows}) == 1000
    assert "email" in printed


def check_jobs(spark, names, folder, printed):
    assert spark.table("shop_synthetic.customers").count() == 2000
    orders = spark.table("shop_synthetic.orders")
    assert (
        orders.count() > 4000
        and orders.join(spark.table("shop_synthetic.customers"), "customer", "left_anti").count() == 0
    )
    assert (folder / "shop_report.html").exists() and "orders" in printed
    assert "# email: personal" in (folder / "shop.yaml").read_text() and (folder / "report.html").exists()
    assert spark.table("shop_copy.customers").count() == 2000
    assert {row.region for row in spark.table("shop_copy.customers_alone").collect()} == {"north"}


def check_pipelines(spark, names, folder, printed):
    assert names["drawn"].count() == 100
    import pyarrow.parquet as pq

    view = folder / "spark-warehouse"
    customers, orders = (pq.read_table(view / f"synthetic_{name}").to_pandas() for name in ("customers", "orders"))
    assert sorted(customers.customer) == list(range(1000)) and customers.region.nunique() > 1
    assert len(orders) > 500 and set(orders.customer) <= set(customers.customer) and orders.order_id.is_unique
    prices = pq.read_table(view / "synthetic_prices").to_pandas()
    assert (
        len(prices) == 500
        and sorted(prices.columns) == ["ordered", "price", "quantity"]
        and prices.price.between(0, 10).all()
    )
    assert prices.quantity.nunique() == 9
    arriving = pq.read_table(view / "arriving_prices").to_pandas()
    streamed = pq.read_table(folder / "streamed_prices").to_pandas()
    assert sorted(arriving.order_id) == sorted(streamed.order_id) == list(range(40))
    assert arriving.sort_values("order_id", ignore_index=True).equals(
        streamed.sort_values("order_id", ignore_index=True)
    )
    assert names["load"].isStreaming and len(pq.read_table(view / "more_prices")) == 500
    rows = spark.read.parquet(str(folder / "load_test"))
    assert rows.count() == 500 and rows.join(names["made"], rows.columns, "left_anti").count() == 0


def check_first_hour(spark, names, folder, printed):
    made = {name: spark.table(f"mine_synthetic.{name}") for name in ("customers", "orders", "items", "payments")}
    assert made["customers"].count() == 200 and made["orders"].count() > 300
    for child, key, parent in FURNITURE_LINKS:
        assert made[child].join(made[parent], key, "left_anti").count() == 0
    from synthohive_spark import Metadata

    declared = Metadata.from_file(folder / "mine.yaml").tables
    assert "email" in declared["customers"].pii
    page, proposed = (ROOT / "docs" / "first_hour.md").read_text(), (folder / "mine.yaml").read_text()
    (shown,) = re.findall(r"\n((?:    .*\n)+)", page.partition("look like this:\n")[2])[:1]
    assert set(textwrap.dedent(shown).splitlines()) <= set(proposed.splitlines())
    assert names["joined"].count() == made["items"].count()
    assert made["customers"].agg({"customer_id": "min"}).first()[0] == 10_001
    assert "orders" in {link.parent for link in declared["items"].fk}
    assert "orders" in (folder / "report.html").read_text()
    assert (folder / "work" / "model" / "metadata.json").exists()
    assert [path.name for path in folder.iterdir() if path.name not in ("my_files", "mine.yaml", "report.html")] == [
        "work"
    ]


FURNITURE_LINKS = [
    ("orders", "customer_id", "customers"),
    ("items", "order_id", "orders"),
    ("payments", "order_id", "orders"),
]


def check_orders(spark, names, folder, printed):
    made = {name: spark.table(f"furniture_synthetic.{name}") for name in names["metadata"].tables}
    assert made["customers"].count() == 1_500
    for child, key, parent in [*FURNITURE_LINKS, ("items", "sku", "products")]:
        assert made[child].join(made[parent], key, "left_anti").count() == 0
    assert_always(printed, "total is goods and shipping", "a payment is the order's total", "paid after it was ordered")


def check_patients(spark, names, folder, printed):
    made = {name: spark.table(f"hospital_synthetic.{name}") for name in names["metadata"].tables}
    assert made["patients"].count() == 1_500
    for child, key, parent in [
        ("stays", "patient_id", "patients"),
        ("stays", "ward", "wards"),
        ("secondary", "stay_id", "stays"),
    ]:
        assert made[child].join(made[parent], key, "left_anti").count() == 0
    assert made["patients"].join(spark.table("hospital.patients"), "name").count() == 0
    assert_always(printed, "no destination without a discharge", "a diagnosis goes to its ward")


def assert_always(printed, *questions):
    """Rows answer these questions of a worked example with yes, the real ones as the drawn ones."""
    answers = {line[:42].strip(): line[42:].split() for line in printed.splitlines() if line[42:].count(".") == 2}
    assert {question: answers[question] for question in questions} == {key: ["100.0", "100.0"] for key in questions}


CHECKS = {
    "README.md": check_readme,
    "docs/first_hour.md": check_first_hour,
    "docs/examples/orders.md": check_orders,
    "docs/examples/patients.md": check_patients,
    "docs/quickstart.md": check_quickstart,
    "docs/guides/linked_tables.md": check_linked_tables,
    "docs/guides/personal_data.md": check_personal_data,
    "docs/guides/jobs.md": check_jobs,
    "docs/guides/pipelines.md": check_pipelines,
}
