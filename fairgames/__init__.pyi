from .assessment.agreement import compare_solvers
from .assessment.bootstrap import bootstrap_fit, bootstrap_measured
from .assessment.changes import compare_blocs, compare_optima, leaving
from .assessment.crosscheck.run import crosscheck
from .assessment.explain import explain_payments
from .assessment.misreport import misreport
from .assessment.robustness import cost_robustness
from .assessment.rules import compare_rules, standard_rules
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
from .mechanism.symmetric.mechanism import SymmetricMechanism, symmetric_mechanism
from .mechanism.two_player.optimum import equilibrium_families
from .mechanism.two_player.two_groups import two_group_cell, two_group_optima
from .payments.axioms import AxiomBreak, AxiomReport, check_axioms
from .payments.fair import coalition_payments, payment_table, potential
from .payments.pricing import fair_payments, sampled_payments
from .payments.result import Payments, PaymentTable
from .payments.rules import (
    BanzhafRule,
    EqualSplitRule,
    ExactCostRule,
    FairRule,
    LeaveOneOutRule,
    NoNegativeRule,
    PaymentRule,
    ProportionalRule,
    proportional_equilibrium,
)
from .spec.load import load_specification
from .spec.specification import Specification
from .utility.base import Utility
from .utility.dp_mean import DPMeanUtility
from .utility.federated_mean import FederatedMeanUtility
from .utility.measured.experiment import MeasuredUtility
from .utility.measured.monotonicity import monotonicity
from .utility.table import CountUtility, TableUtility
from .utility.threshold import ThresholdUtility

__version__: str

__all__ = [
    "AxiomBreak",
    "AxiomReport",
    "BanzhafRule",
    "CountUtility",
    "DPMeanUtility",
    "DataError",
    "EqualSplitRule",
    "Equilibrium",
    "EquilibriumSet",
    "ExactCostRule",
    "FairGame",
    "FairGamesError",
    "FairRule",
    "FederatedMeanUtility",
    "Fit",
    "InputError",
    "Landscape",
    "LeaveOneOutRule",
    "MeasuredUtility",
    "NoNegativeRule",
    "Optimum",
    "PaymentRule",
    "PaymentTable",
    "Payments",
    "ProportionalRule",
    "SizeError",
    "Solver",
    "SolverError",
    "Specification",
    "SpecificationError",
    "StableProfile",
    "SymmetricMechanism",
    "TableUtility",
    "ThresholdUtility",
    "Utility",
    "available_solvers",
    "bootstrap_fit",
    "bootstrap_measured",
    "check_axioms",
    "coalition_outcome",
    "coalition_payments",
    "compare_blocs",
    "compare_optima",
    "compare_rules",
    "compare_solvers",
    "cost_robustness",
    "crosscheck",
    "duplicate_data",
    "equilibria",
    "equilibrium_families",
    "explain_payments",
    "fair_payments",
    "fit_federated_mean",
    "leaving",
    "load_specification",
    "misreport",
    "monotonicity",
    "optimal_alpha",
    "pay_costs",
    "payment_table",
    "potential",
    "price_of_fairness",
    "proportional_equilibrium",
    "sampled_payments",
    "split_data",
    "stable_profiles",
    "standard_rules",
    "sweep",
    "symmetric_mechanism",
    "two_group_cell",
    "two_group_optima",
    "verify_dict",
]
