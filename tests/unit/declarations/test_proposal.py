import textwrap

from synthohive_spark import Metadata
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.proposal import proposal


def without_reasons(metadata):
    values = metadata.to_dict()
    for declared in values["tables"].values():
        declared.pop("reasons", None)
        declared.pop("role_reasons", None)
    return Metadata.from_dict(values)


def test_a_proposal_reads_as_a_person_would_write_it():
    metadata = Metadata().add_table("regions", pk="region", keep=True, role_reasons={"keep": "3 rows"})
    metadata.add_table(
        "customers",
        pk=["region", "number"],
        fk={"region": "regions.region"},
        pii={"email": {"action": "fake", "kind": "email"}, "notes": "drop"},
        reasons={"email": "personal (email)"},
    )
    text = proposal(metadata, "the database shop")
    assert text.startswith("# Proposed from the database shop: a guess, to be read and corrected")
    assert text.partition("tables:\n")[2] == textwrap.indent(
        """\
regions:
  # keep: 3 rows
  pk: region
  keep: true
customers:
  # email: personal (email)
  pk: [region, number]
  fk: {region: regions.region}
  pii: {email: {action: fake, kind: email}, notes: drop}
""",
        "  ",
    )
    assert Metadata.from_yaml(text) == without_reasons(metadata)


def test_reasons_name_settings_as_yaml_writes_them():
    reasons = {"keep": "77 rows; keep=True would take it over as it is"}
    metadata = Metadata().add_table("districts", pk="a=True", role_reasons=reasons, reasons={"a=True": "unique=False"})
    lines = proposal(metadata, "the database bank").splitlines()
    assert "    # keep: 77 rows; keep: true would take it over as it is" in lines
    assert "    # a=True: unique: false" in lines


def test_names_and_reasons_of_every_kind_are_read_back():
    strange = [
        "a: b",
        "# c",
        "yes",
        "2024-01-01",
        "5",
        "null",
        "it's",
        "a\nb",
        "\x07",
        "\u2028",
        "{x}",
        "(y)",
        "é",
        "~",
    ]
    metadata = Metadata().add_table(
        "1", pk=strange, reasons={name: f"{name}: because\n  x: {name}" for name in strange}
    )
    metadata.add_table("no", fk=[ForeignKey((name,), "1", (name,)) for name in strange], exclude=strange[:3])
    metadata.add_table("both", fk=[ForeignKey(("a", "b"), "1", ("yes", "5")), ForeignKey(("a",), "no", ("yes",))])
    metadata.add_table("empty")
    assert Metadata.from_yaml(proposal(metadata, "a\nb")) == without_reasons(metadata)
