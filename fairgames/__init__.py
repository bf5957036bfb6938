"""Fair (Shapley) payments for private data, the game they create, and the platform's exact optimum.

Data flows one way: a *utility* says what the platform gains at each profile of privacy levels,
*payments* share it fairly, the *game* lets users choose, *equilibria* are what they may settle on,
and the *mechanism* is the payment fraction that leaves the platform most.
"""

from fairgames.errors import (
    DataError,
    FairGamesError,
    InputError,
    SizeError,
    SolverError,
    SpecificationError,
)
from fairgames.game.fair_game import FairGame
from fairgames.payments.axioms import AxiomBreak, AxiomReport, check_axioms
from fairgames.payments.fair import coalition_payments, fair_payments, payment_table, potential
from fairgames.payments.result import Payments, PaymentTable
from fairgames.utility.base import Utility
from fairgames.utility.table import CountUtility, TableUtility

__version__ = "0.1.0"

__all__ = [
    "AxiomBreak",
    "AxiomReport",
    "CountUtility",
    "DataError",
    "FairGame",
    "FairGamesError",
    "InputError",
    "PaymentTable",
    "Payments",
    "SizeError",
    "SolverError",
    "SpecificationError",
    "TableUtility",
    "Utility",
    "check_axioms",
    "coalition_payments",
    "fair_payments",
    "payment_table",
    "potential",
]
