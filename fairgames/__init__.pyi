from . import errors, rules
from .assessment.agreement import compare_solvers
from .assessment.bootstrap import bootstrap
from .assessment.changes import compare_optima, leaving, sweep
from .assessment.crosscheck.run import crosscheck
from .assessment.explain import explain_payments, false_names
from .assessment.robustness import cost_robustness, misreport
from .assessment.rules import compare_rules
from .audit.verify import verify
from .equilibrium.intervals import stable_profiles
from .equilibrium.parametric import parametric_equilibria
from .equilibrium.result import EquilibriumSet
from .equilibrium.solve import equilibria
from .equilibrium.solvers import available_solvers
from .errors import FairGamesError, InputError, SizeError
from .explorer.widget import explore
from .fitting.federated_mean import fit_federated_mean
from .fitting.fit import Fit
from .game.fair_game import FairGame
from .mechanism.benchmarks import price_of_fairness
from .mechanism.optimal import optimal_alpha
from .mechanism.optimum import Optimum
from .mechanism.symmetric.mechanism import symmetric_mechanism
from .mechanism.two_player.optimum import equilibrium_families
from .payments.axioms import check_axioms
from .payments.fair import coalition_payments, payment_table, potential
from .payments.pricing import fair_payments
from .payments.result import Payments
from .scenario.scenario import Scenario
from .spec.load import load
from .utility.base import Utility
from .utility.dp_mean import DPMeanUtility
from .utility.federated_mean import FederatedMeanUtility
from .utility.measured.experiment import MeasuredUtility, monotonicity
from .utility.table import CountUtility, TableUtility
from .utility.threshold import ThresholdUtility

__version__: str

__all__ = [
    "CountUtility",
    "DPMeanUtility",
    "EquilibriumSet",
    "FairGame",
    "FairGamesError",
    "FederatedMeanUtility",
    "Fit",
    "InputError",
    "MeasuredUtility",
    "Optimum",
    "Payments",
    "Scenario",
    "SizeError",
    "TableUtility",
    "ThresholdUtility",
    "Utility",
    "available_solvers",
    "bootstrap",
    "check_axioms",
    "coalition_payments",
    "compare_optima",
    "compare_rules",
    "compare_solvers",
    "cost_robustness",
    "crosscheck",
    "equilibria",
    "equilibrium_families",
    "errors",
    "explain_payments",
    "explore",
    "fair_payments",
    "false_names",
    "fit_federated_mean",
    "leaving",
    "load",
    "misreport",
    "monotonicity",
    "optimal_alpha",
    "parametric_equilibria",
    "payment_table",
    "potential",
    "price_of_fairness",
    "rules",
    "stable_profiles",
    "sweep",
    "symmetric_mechanism",
    "verify",
]
