from .assessment.agreement import compare_solvers
from .assessment.blocs import compare_blocs
from .assessment.explain import explain_payments
from .assessment.leaving import leaving
from .assessment.misreport import misreport
from .assessment.robustness import cost_robustness
from .assessment.rules import compare_rules
from .assessment.splitting import duplicate_data, split_data
from .assessment.sweep import sweep
from .equilibrium.intervals import StableProfile, stable_profiles
from .equilibrium.result import Equilibrium, EquilibriumSet
from .equilibrium.solve import available_solvers, equilibria
from .equilibrium.solver import Solver
from .equilibrium.verify import verify_dict
from .errors import (
    DataError,
    FairGamesError,
    InputError,
    SizeError,
    SolverError,
    SpecificationError,
)
from .fitting.federated_mean import fit_federated_mean
from .fitting.fit import Fit
from .game.fair_game import FairGame
from .mechanism.benchmarks import coalition_outcome, pay_costs, price_of_fairness
from .mechanism.landscape import Landscape
from .mechanism.optimal import optimal_alpha
from .mechanism.optimum import Optimum
from .mechanism.symmetric_mechanism import SymmetricMechanism, symmetric_mechanism
from .mechanism.two_group_cells import two_group_cell
from .mechanism.two_groups import two_group_optima
from .mechanism.two_player import equilibrium_families
from .payments.axioms import AxiomBreak, AxiomReport, check_axioms
from .payments.fair import coalition_payments, fair_payments, payment_table, potential
from .payments.result import Payments, PaymentTable
from .utility.base import Utility
from .utility.dp_mean import DPMeanUtility
from .utility.federated_mean import FederatedMeanUtility
from .utility.measured import MeasuredUtility
from .utility.table import CountUtility, TableUtility

__version__: str

__all__ = [
    "AxiomBreak",
    "AxiomReport",
    "CountUtility",
    "DPMeanUtility",
    "DataError",
    "Equilibrium",
    "EquilibriumSet",
    "FairGame",
    "FairGamesError",
    "FederatedMeanUtility",
    "Fit",
    "InputError",
    "Landscape",
    "MeasuredUtility",
    "Optimum",
    "PaymentTable",
    "Payments",
    "SizeError",
    "Solver",
    "SolverError",
    "SpecificationError",
    "StableProfile",
    "SymmetricMechanism",
    "TableUtility",
    "Utility",
    "available_solvers",
    "check_axioms",
    "coalition_outcome",
    "coalition_payments",
    "compare_blocs",
    "compare_rules",
    "compare_solvers",
    "cost_robustness",
    "duplicate_data",
    "equilibria",
    "equilibrium_families",
    "explain_payments",
    "fair_payments",
    "fit_federated_mean",
    "leaving",
    "misreport",
    "optimal_alpha",
    "pay_costs",
    "payment_table",
    "potential",
    "price_of_fairness",
    "split_data",
    "stable_profiles",
    "sweep",
    "symmetric_mechanism",
    "two_group_cell",
    "two_group_optima",
    "verify_dict",
]
