"""Proposed declarations as a file to be read and corrected: reasons are comments beside what they are about."""

from __future__ import annotations

from typing import Any

import yaml

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.pii import PiiRule
from synthohive_spark.declarations.spelling import in_yaml
from synthohive_spark.declarations.table import TableDeclaration

_HEAD = """\
# Proposed from {}: a guess, to be read and corrected before it is used.
# pk: keys, which are made; fk: links; pii: personal columns, which get stand-ins; high_cardinality_cols: columns that
# are learned by their values, however many; keep: taken over as it is. Columns that stand in none are learned.
"""


def proposal(declarations: Declarations, source: str) -> str:
    """The declarations as YAML with their reasons as comments.

    `Declarations.from_yaml` reads it back, without the reasons.

    Args:
        declarations: What was inferred.
        source: What it was inferred from, for the first line.
    """
    lines = [_HEAD.format(_comment(source)) + "tables:"]
    for name, declared in declarations.tables.items():
        settings = _settings(declared)
        lines.append(f"  {_plain(name)}:" + ("" if settings else " {}"))
        reasons = _reasons(declared).items()
        lines += [f"    # {_comment(column)}: {_comment(in_yaml(reason))}" for column, reason in reasons]
        lines += [f"    {setting}: {_plain(value)}" for setting, value in settings.items()]
    return "\n".join(lines) + "\n"


def _reasons(declared: TableDeclaration) -> dict[str, str]:
    return {**declared.reasons, **{str(setting): reason for setting, reason in declared.role_reasons.items()}}


def _settings(declared: TableDeclaration) -> dict[str, Any]:
    """The settings of a table that say something, in the short forms that a person would write."""
    values = {name: value for name, value in declared.to_dict().items() if name not in ("reasons", "role_reasons")}
    for name in ("pk", "owner"):
        if len(values.get(name, ())) == 1:
            values[name] = values[name][0]
    links = {link.columns[0]: f"{link.parent}.{link.parent_columns[0]}" for link in declared.fk}
    if links and len(links) == len(declared.fk) and all(map(_is_short, declared.fk)):
        values["fk"] = links
    if declared.pii:
        values["pii"] = {column: _rule(rule, values["pii"][column]) for column, rule in declared.pii.items()}
    return values


def _is_short(link: ForeignKey) -> bool:
    return len(link.columns) == 1 and not link.parent_columns[0].startswith("(")


def _rule(rule: PiiRule, values: dict[str, Any]) -> Any:
    default = PiiRule(rule.action)
    own = {name: value for name, value in values.items() if value != getattr(default, name)}
    return {"action": rule.action, **own} if own else rule.action


def _plain(value: Any) -> str:
    """A value on one line; what YAML would read as something else is in quotes."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
