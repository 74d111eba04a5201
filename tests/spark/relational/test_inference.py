from synthohive_spark import Metadata, Synthesizer
from synthohive_spark.declarations.foreign_key import ForeignKey
from tests.helpers.people import make_database


def test_keys_links_kinds_and_personal_columns_are_proposed_with_reasons(spark):
    make_database(spark, "proposed")
    spark.sql("CREATE VIEW proposed.a_view AS SELECT 1 AS x")
    weather = spark.range(400).selectExpr(
        "element_at(array('JFK', 'LGA'), CAST(1 + id % 2 AS INT)) AS origin",
        "timestampadd(HOUR, CAST(floor(id / 2) AS INT), TIMESTAMP'2024-01-01') AS hour",
        "CAST(id % 30 AS DOUBLE) AS temperature",
        "array(id) AS raw",
    )
    weather.write.saveAsTable("proposed.weather")
    metadata = Metadata.from_database(spark, "proposed")
    assert set(metadata.tables) == {"customers", "orders", "weather"}
    customers, orders, weather = (metadata.tables[name] for name in ("customers", "orders", "weather"))
    assert customers.pk == ("customer_id",) and orders.pk == ("order_id",) and weather.pk == ("origin", "hour")
    assert orders.fk == (ForeignKey(("customer_id",), "customers", ("customer_id",)),)
    assert {name: (rule.action, rule.kind) for name, rule in customers.pii.items()} == {
        "name": ("fake", "name"),
        "email": ("fake", "email"),
        "phone": ("fake", "phone"),
        "card": ("fake", "card"),
        "address": ("fake", "address"),
        "notes": ("fake", "text"),
        "username": ("fake", "username"),
    }
    assert orders.pii == {} and weather.pii == {} and weather.exclude == ("raw",)
    assert customers.reasons["customer_id"].startswith("primary key: unique and never null in 600 rows")
    assert customers.reasons["email"].startswith("personal (email): ") and "%" in customers.reasons["email"]
    assert customers.reasons["region"] == "categorical: 3 different values"
    assert customers.reasons["username"].startswith("personal (username): called 'username'")
    assert customers.reasons["joined"] == "datetime"
    assert weather.reasons["raw"] == "left out: type array<bigint> cannot be learned"
    assert "100% of its values are there" in orders.reasons["customer_id"]
    real = spark.table("proposed.customers")
    values = {str(v) for row in real.select("name", "email", "phone").collect() for v in row}
    assert not [reason for reason in customers.reasons.values() if any(value in reason for value in values)]
    assert Metadata.from_yaml(metadata.to_yaml()) == metadata
    made = Synthesizer(metadata, spark, progress=False).fit("proposed", seed=1, epochs=1)
    tables = made.sample({"customers": 50, "weather": 300}, seed=1)
    assert tables["customers"].count() == 50 and tables["customers"].columns == real.columns
    assert tables["weather"].select("origin", "hour").distinct().count() == 300
    spark.sql("DROP DATABASE proposed CASCADE")


def test_places_are_personal_only_beside_people_and_where_few_share_one(spark):
    places = [
        "concat('Port ', char(65 + CAST(id % 20 AS INT)), char(97 + CAST(id DIV 20 AS INT)), 'ville') AS city",
        "element_at(array('France', 'Chad', 'Peru'), CAST(1 + id % 3 AS INT)) AS country",
    ]
    stations = spark.range(120).selectExpr("id AS station", *places)
    people = stations.selectExpr("station AS person", "concat('u', station, '@mail.org') AS email", "city", "country")
    metadata = Metadata.from_tables({"people": people, "stations": stations}, spark)
    assert {name: rule.kind for name, rule in metadata.tables["people"].pii.items()} == {
        "email": "email",
        "city": "city",
    }
    assert metadata.tables["people"].reasons["city"].endswith("few rows share one, in a table of people")
    assert metadata.tables["people"].reasons["country"] == "categorical: 3 different values"
    assert metadata.tables["stations"].pii == {}


def test_numbers_of_people_and_accounts_are_proposed_by_name_and_hinted_at_by_value(spark):
    orders = spark.range(400).selectExpr(
        "id AS order_id",
        "CAST(45000000 + id * 130709 % 99000000 AS STRING) AS account_to",
        "format_string('%06d', 450101 + id * 977 % 400000) AS birth_number",
        "concat('lot ', id) AS lot",
    )
    metadata = Metadata.from_tables({"orders": orders}, spark)
    declared = metadata.tables["orders"]
    assert {name: rule.kind for name, rule in declared.pii.items()} == {"birth_number": "number"}
    assert declared.reasons["account_to"] == (
        "text: 400 different values in 400 rows; 100 % are long numbers, perhaps of persons or of accounts: if so, it "
        "belongs into pii, as {action: fake, kind: number}"
    )
    assert declared.reasons["lot"] == "text: 400 different values in 400 rows"


def test_links_are_proposed_by_what_columns_hold_and_the_proposal_is_valid(spark):
    hours = "timestampadd(HOUR, CAST({0} AS INT), TIMESTAMP'2024-01-01')"
    weather = spark.range(400).selectExpr(
        "element_at(array('JFK', 'LGA'), CAST(1 + id % 2 AS INT)) AS origin",
        f"{hours.format('floor(id / 2)')} AS hour",
        "CAST(id % 30 AS DOUBLE) AS temperature",
    )
    alarms = spark.range(300).selectExpr(
        "element_at(array('JFK', 'LGA'), CAST(1 + id % 2 AS INT)) AS origin",
        f"{hours.format('floor(id / 2) + IF(id < 20, 1000, 0)')} AS hour",
        "IF(id % 10 = 0, NULL, concat('n', (id * 7) % 120)) AS pager",
        "id % 4 AS level",
    )
    pagers = spark.range(150).selectExpr("concat('n', id) AS code", "id % 3 AS floor", "id % 50 AS reports_to")
    owners = spark.range(200).selectExpr("2025550000 + id * 37 AS phone", "id % 5 AS team")
    calls = spark.range(600).selectExpr("2025550000 + (id * 7) % 200 * 37 AS owner", "id % 60 AS minute")
    tables = {"weather": weather, "alarms": alarms, "pagers": pagers, "owners": owners, "calls": calls}
    metadata = Metadata.from_tables(tables, spark)
    assert metadata.tables["weather"].pk == ("origin", "hour") and metadata.tables["weather"].fk == ()
    assert metadata.tables["alarms"].fk == (
        ForeignKey(("pager",), "pagers", ("code",)),
        ForeignKey(("origin", "hour"), "weather", ("origin", "hour")),
    )
    assert metadata.tables["pagers"].pk == ("code",) and metadata.tables["pagers"].fk == ()
    reasons = metadata.tables["alarms"].reasons
    assert reasons["pager"] == "refers to pagers.code: 100% of its values are there"
    assert reasons["hour"].endswith("refers to weather.(origin, hour): 93% of its values are there")
    # What refers to a personal key is personal, though nothing else about it says so.
    assert metadata.tables["calls"].fk == (ForeignKey(("owner",), "owners", ("phone",)),)
    assert metadata.tables["calls"].pii["owner"].kind == metadata.tables["owners"].pii["phone"].kind == "phone"
    metadata.validate_schema(tables, spark)
