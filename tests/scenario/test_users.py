"""Results in the asker's terms: a row a user, by name, whichever engine answered; frames, pictures, files, reasons."""

import dataclasses
import importlib.util
import itertools
import math
from fractions import Fraction

import matplotlib.axes
import numpy as np
import pandas as pd
import polars as pl
import pytest

import fairgames as fg
from fairgames import InputError, Scenario

LEVELS = ["absent", "federated", "direct"]
CLINICS = Scenario(
    fg.FederatedMeanUtility([120, 80, 15], 4, 48), [0, 0.1, 0.4], ["North", "South", "Village"], LEVELS, alpha=0.3
)
TWO = Scenario([[0, "2/3"], ["2/3", 1]], [[0, "3/10"], [0, "31/100"]], ["Ann", "Bob"], ["absent", "present"])


def fair_by_hand(utility, profile):
    """Average of what each user adds over all orders of arrival (Shapley 1953)."""
    n = len(profile)
    paid = [0] * n
    orders = list(itertools.permutations(range(n)))
    for order in orders:
        here = [0] * n
        for user in order:
            before = utility(here)
            here[user] = profile[user]
            paid[user] += utility(here) - before
    return [amount / len(orders) for amount in paid]


def test_each_user_has_a_row_with_what_it_gains():
    best = fg.optimal_alpha(CLINICS)
    paid = fair_by_hand(CLINICS.utility, best.profile)
    assert [row.name for row in best.users] == list(CLINICS.users)
    for row, level, fair in zip(best.users, best.profile, paid, strict=True):
        assert row.level_name == LEVELS[level]
        assert row.payment == pytest.approx(float(best.alpha) * fair)
        assert row.cost == [0, 0.1, 0.4][level]
        assert row.gain == row.payment - row.cost
    assert best.users["South"] == best.users[1]
    with pytest.raises(InputError, match="user: must not name an unknown user; did you mean 'North'"):
        best.users["Nord"]
    with pytest.raises(IndexError, match="3 rows"):
        best.users[3]


def test_schools_of_equal_size_are_paired_with_their_own_numbers():
    """The home page's loop for more users than are listed, some of whom are alike, and are merged on the way."""
    samples = np.random.default_rng(5).integers(14, 30, 24)
    names = [f"school {number}" for number in range(24)]
    asked = Scenario(fg.FederatedMeanUtility(samples, 5, 60), [0, 0.02, 0.05], names, LEVELS)
    assert len(set(samples.tolist())) < 24
    best = fg.optimal_alpha(asked)
    rows = list(zip(asked.users, best.profile, best.payments, strict=True))
    assert [(row.name, row.level, row.payment) for row in best.users] == rows
    fair = fg.fair_payments(asked.utility, best.profile, best.alpha).values
    np.testing.assert_allclose([payment for _, _, payment in rows], fair, rtol=1e-6)
    # Who hands in more, at the same level, is paid more: names and numbers belong together.
    direct = [row for row in best.users if row.level == 2]
    by_size = sorted(direct, key=lambda row: (row.samples, row.payment))
    assert [row.payment for row in by_size] == sorted(row.payment for row in direct)


def test_entries_have_a_row_a_level_with_their_count():
    crowd = fg.DPMeanUtility([[0, 0.5], [0, 2.0]], counts=[600_000, 400_000])
    asked = Scenario(crowd, {"present": [1e-7, 4e-7]}, ["phones", "tablets"], ["absent", "present"])
    best = fg.optimal_alpha(asked)
    assert {(row.name, row.level): row.count for row in best.users} == {
        (asked.users[entry], level): best.profile[entry, level] for entry, level in np.argwhere(best.profile).tolist()
    }
    assert sum(row.count * row.payment for row in best.users) == pytest.approx(best.alpha * best.utility, rel=1e-5)


@pytest.mark.parametrize("engine", ["dense", "types", "at-scale"])
def test_every_engine_answers_in_the_same_terms(engine):
    asked = Scenario(fg.FederatedMeanUtility([10, 40, 10, 25], 2, 30), [0, 0.05, 0.1], [*"abcd"], LEVELS)
    found = fg.optimal_alpha(asked, engine=engine)
    reference = fg.optimal_alpha(asked, engine="dense")
    assert [row.name for row in found.users] == [*"abcd"]
    if math.isclose(found.value, reference.value, rel_tol=1e-9):
        sums = [sum(row.payment for row in one.users) for one in (found, reference)]
        assert sums[0] == pytest.approx(sums[1], rel=1e-6)


def test_who_mixes_has_expected_payments_and_chances():
    ann, bob = fg.optimal_alpha(TWO).users
    assert (ann.level, ann.level_name, ann.payment, ann.cost) == (
        None,
        "absent 0.1, present 0.9",
        Fraction(27, 100),
        Fraction(27, 100),
    )
    assert (bob.level, bob.level_name, bob.gain) == (1, "present", 0)


def test_payments_name_their_users_for_levels_and_for_counts():
    priced = dataclasses.replace(CLINICS, profile=["direct", "federated", "absent"])
    by_level = fg.fair_payments(priced, alpha=0.5)
    assert [(row.name, row.level_name) for row in by_level.users] == [
        ("North", "direct"),
        ("South", "federated"),
        ("Village", "absent"),
    ]
    shared = fg.coalition_payments(priced)
    assert [row.payment for row in shared.users] == shared.values.tolist()
    crowd = Scenario(fg.FederatedMeanUtility([40, 10], 2, 30, counts=[2, 3]), [0, 0, 0], ["big", "small"], LEVELS)
    counted = fg.fair_payments(crowd, [[1, 0, 1], [0, 3, 0]])
    assert [(row.name, row.level, row.count) for row in counted.users] == [
        ("big", 0, 1),
        ("big", 2, 1),
        ("small", 1, 3),
    ]
    alike = Scenario(fg.FederatedMeanUtility([40, 40], 2, 30), [0, 0, 0], ["one", "other"], LEVELS)
    with pytest.raises(InputError, match="users: have no names here: the profile counts users of a type"):
        fg.fair_payments(alike, [[1, 0, 1]]).users  # noqa: B018
    assert [row.name for row in fg.payment_table(CLINICS)[1, 2, 0].users] == list(CLINICS.users)


def test_stable_profiles_and_benchmarks_name_their_users():
    for stable in fg.stable_profiles(CLINICS):
        paid = fg.fair_payments(CLINICS.utility, stable.profile, stable.alpha_from).values
        assert [row.payment for row in stable.users] == pytest.approx(paid.tolist())
    price = fg.price_of_fairness(CLINICS)
    assert [row.gain for row in price.exactly_cost.users] == [0, 0, 0]
    assert [row.name for row in price.coalition.users] == list(CLINICS.users)


def test_an_entry_counts_users_who_are_alike():
    with pytest.raises(InputError, match="counts: must count users who are alike in the utility, got 2"):
        Scenario(fg.FederatedMeanUtility([10, 20, 20], 1, 2), [0, 0, 0], counts=[2, 1])


def test_warnings_name_the_users_of_the_scenario():
    utility = fg.FederatedMeanUtility([100, 1], between_variance=0.1, within_variance=100)
    asked = Scenario(utility, [0, 0, math.inf], ["Large", "Tiny"], LEVELS, [["federated"]] * 2, alpha_range=(0.5, 1))
    assert any(text.startswith("Tiny pays the platform") for text in fg.optimal_alpha(asked).warnings)
    frame = fg.optimal_alpha(utility, [0, 0, math.inf], actions=(1,), alpha_range=(0.5, 1))
    assert any(text.startswith("user 2 pays the platform") for text in frame.warnings)


@pytest.mark.parametrize(
    ("backend", "kind"), [(None, pd.DataFrame), ("pandas", pd.DataFrame), ("polars", pl.DataFrame)]
)
def test_frames_hold_numbers_in_full(backend, kind):
    best = fg.optimal_alpha(CLINICS)
    frame = best.to_frame(backend)
    assert isinstance(frame, kind)
    assert list(frame.columns) == ["user", "level", "payment", "cost", "gain"]
    assert frame["payment"].to_list() == best.payments.tolist()
    assert fg.optimal_alpha(TWO).to_frame(backend)["payment"].to_list() == [0.27, 0.31]


def test_a_library_that_is_missing_is_named(monkeypatch):
    best = fg.optimal_alpha(TWO)
    with pytest.raises(InputError, match="backend: must be one of pandas, polars, pyarrow, got 'spark'"):
        best.to_frame("spark")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: real(name) if name == "pyarrow" else None)
    assert best.to_frame().column_names[0] == "user"
    with pytest.raises(InputError, match="backend: needs polars, which is not installed: pip install polars"):
        best.to_frame("polars")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="backend: needs pandas or polars or pyarrow, which is not installed"):
        best.to_frame()


def test_results_are_drawn_on_axes():
    best = fg.optimal_alpha(CLINICS)
    axes = best.plot()
    assert isinstance(axes, matplotlib.axes.Axes)
    assert best.plot(axes) is axes
    priced = fg.fair_payments(CLINICS, (2, 2, 1))
    assert [text.get_text() for text in priced.plot().get_yticklabels()] == list(CLINICS.users)
    assert isinstance(fg.optimal_alpha(TWO).plot(), matplotlib.axes.Axes)
    assert isinstance(fg.stable_profiles(CLINICS)[0].plot(), matplotlib.axes.Axes)
    assert isinstance(best.landscape.plot(), matplotlib.axes.Axes)
    assert isinstance(fg.sweep(CLINICS, [1, 2], argument="budget").plot(), matplotlib.axes.Axes)
    with pytest.raises(InputError, match="ax: must be matplotlib axes"):
        best.plot("here")
    with pytest.raises(InputError, match="plot: has no picture of a Misreport"):
        fg.misreport(CLINICS).plot()


def test_a_reason_holds_what_the_user_adds():
    best = fg.optimal_alpha(CLINICS)
    why = best.explain("South")
    utility, levels = CLINICS.utility, list(best.profile)
    assert why.first == pytest.approx(utility([0, levels[1], 0]))
    assert why.last == pytest.approx(utility(levels) - utility([levels[0], 0, levels[2]]))
    assert why.own + why.helping == pytest.approx(why.row.payment)
    parts = fg.explain_payments(CLINICS, best.profile, best.alpha)
    assert (why.own, why.helping) == pytest.approx((parts.own[1], parts.helping[1]))
    for name, paid, less in why.moves:
        moved = [levels[0], LEVELS.index(name), levels[2]]
        assert paid == pytest.approx(float(best.alpha) * fair_by_hand(utility, moved)[1])
        assert less >= -1e-12  # an equilibrium
        assert less == pytest.approx(why.row.gain - (paid - [0, 0.1, 0.4][moved[1]]))
    assert why.words.startswith('South is paid 1.259 at level "direct"; this is 26.38 % of what it adds')
    assert best.explain(1) == why
    with pytest.raises(InputError, match="user: must not name an unknown user"):
        best.explain("Nowhere")
    assert "paid 0.27" in fg.optimal_alpha(TWO).explain("Ann").words


def test_members_of_an_entry_are_explained_by_their_entry():
    crowd = Scenario(fg.FederatedMeanUtility([40, 10], 2, 30, counts=[2, 3]), [0, 0, 0], ["big", "small"], LEVELS)
    paid = fg.fair_payments(crowd, (1, 1, 2, 2, 2))
    assert paid.explain("small 2") == paid.explain("small") == paid.explain(3)
    assert "small (each of 3) is paid" in paid.explain("small").words


def test_results_without_a_scenario_say_so():
    bare = dataclasses.replace(fg.optimal_alpha(TWO), scenario=None)
    with pytest.raises(InputError, match="users: are those of a scenario"):
        bare.users  # noqa: B018
    assert "<table>" in bare._repr_html_()


def test_a_result_is_saved_and_shown_in_a_notebook(tmp_path):
    best = fg.optimal_alpha(CLINICS)
    best.save(tmp_path / "best.json")
    assert "Village" in (tmp_path / "best.json").read_text()
    best.save(tmp_path / "best.json")
    (tmp_path / "other.json").write_text("notes")
    with pytest.raises(InputError):
        best.save(tmp_path / "other.json")
    best.save(tmp_path / "other.json", force=True)
    assert '<td style="text-align: left">Village</td>' in best._repr_html_()


WIDE = 100


@pytest.mark.parametrize("n_users", [2, 300])
def test_what_is_printed_fits_a_hundred_columns(n_users):
    samples = 10 + np.arange(n_users) % 40
    asked = Scenario(fg.FederatedMeanUtility(samples, 2, 30), [0, 0.01, 0.05], None, LEVELS, profile=[1] * n_users)
    priced = fg.fair_payments(asked)
    shown = [asked, priced, priced.users, priced.explain(1)]
    if n_users == 2:
        shown += [
            fg.optimal_alpha(asked),
            *fg.stable_profiles(asked),
            fg.price_of_fairness(asked),
            fg.misreport(asked),
            fg.compare_rules(asked, rules={"fair": fg.rules.Fair()}),
            fg.equilibria(asked, alpha=0.5),
            fg.explain_payments(asked),
            fg.leaving(asked),
            fg.sweep(asked, [0.5, 1], argument="budget"),
            fg.compare_solvers(asked),
        ]
    for one in shown:
        assert max(map(len, repr(one).splitlines())) <= WIDE
    if n_users == 300:
        assert "… 240 more rows: .to_frame() has them all" in repr(priced)
        assert len(priced.to_frame()) == 300
