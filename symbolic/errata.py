"""What the paper prints, what is correct, and a check of every line.

References
----------
J. Kang, R. Pedarsani and K. Ramchandran, "The fair value of data under heterogeneous privacy
constraints in federated learning", TMLR 2024.
"""

from __future__ import annotations

from symbolic import errata_assumptions, errata_axioms, errata_federated, errata_regimes, errata_two_groups
from symbolic.erratum import Erratum, Verification

__all__ = ["ERRATA", "Erratum", "Verification", "verify_all"]

ERRATA: tuple[Erratum, ...] = (
    *errata_axioms.ERRATA,
    *errata_federated.ERRATA,
    *errata_assumptions.ERRATA,
    *errata_regimes.ERRATA,
    *errata_two_groups.ERRATA,
)
"""All errata, by section."""


def verify_all() -> tuple[tuple[Erratum, Verification], ...]:
    """Check every erratum afresh.

    Returns
    -------
    tuple of (Erratum, Verification)
        Every record with what its check found.

    Examples
    --------
    >>> record = next(record for record in ERRATA if record.where == "Eq. 26")
    >>> record.printed, record.correct
    ("x1'U x2 - (1 - alpha) x1'U x2", "(1 - alpha) x1'U x2")
    >>> record.verify().evidence
    'utility less payments is X*(1 - alpha), the print gives X*alpha'
    >>> record.verify().confirmed
    True
    """
    return tuple((record, record.verify()) for record in ERRATA)
