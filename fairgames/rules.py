"""Payment rules, reached as ``fairgames.rules``: the fair one, what it is compared with, and the base of one's own."""

from fairgames.assessment.rules import standard_rules
from fairgames.payments.rules import (
    Banzhaf,
    EqualSplit,
    ExactCost,
    Fair,
    LeaveOneOut,
    NoNegative,
    Proportional,
    Rule,
    proportional_equilibrium,
)

__all__ = [
    "Banzhaf",
    "EqualSplit",
    "ExactCost",
    "Fair",
    "LeaveOneOut",
    "NoNegative",
    "Proportional",
    "Rule",
    "proportional_equilibrium",
    "standard_rules",
]
