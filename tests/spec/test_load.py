from __future__ import annotations

import math
from fractions import Fraction

import pytest

from fairgames import FairGamesError, load
from fairgames.errors import SpecificationError

ONE_PROBLEM = [
    (lambda _: "levels = ", "is not TOML: Invalid value (at end of document)"),
    (lambda _: "x" * 3, "is not TOML: Expected '=' after a key in a key/value pair (at end of document)"),
    (
        lambda texts: texts.two + "colour = 1\n",
        "colour: unknown key; known here: title, levels, amounts, utility, platform, every_user, users, data",
    ),
    (lambda texts: texts.two.replace("by_count", "by_cuont"), "utility.by_cuont: unknown key; did you mean by_count?"),
    (
        lambda texts: texts.two.replace("by_count = [0", "by_count = [1"),
        "utility.by_count: values[0]: U(0, …, 0) must be 0",
    ),
    (
        lambda texts: texts.two.replace('"2/3"', '"two"'),
        'utility.by_count: must be a number such as 0.2, 3, "2/3" or inf, got "two"',
    ),
    (lambda texts: texts.two.replace('"2/3"', "inf"), "utility.by_count: must be finite, got inf"),
    (
        lambda texts: texts.two.replace('"table"', '"tble"'),
        'utility: kind must be "federated-mean", "dp-mean" or "table", got "tble"',
    ),
    (
        lambda texts: texts.two.replace('kind = "table", ', ""),
        'utility: needs kind = "federated-mean", "dp-mean" or "table"',
    ),
    (
        lambda texts: texts.two.replace("by_count", "values = [0, 1], by_count"),
        'utility: needs one of values, by_count and file, exactly one, got ["values", "by_count"]',
    ),
    (lambda texts: texts.two.replace("utility =", "uitlity ="), "uitlity: unknown key; did you mean utility?"),
    (lambda texts: texts.two.replace("0.3", "-0.4"), "every_user.costs.present: must be at least 0, got -0.4"),
    (lambda texts: texts.two.replace("0.3", "nan"), "every_user.costs.present: must be a number, not NaN, got NaN"),
    (lambda texts: texts.two.replace("{ present = 0.3 }", "0.3"), "every_user.costs: must be a table of keys, got 0.3"),
    (
        lambda texts: texts.two.replace("present = 0.3", "presnet = 0.3"),
        'every_user.costs: unknown level "presnet"; did you mean "present"?',
    ),
    (
        lambda texts: texts.two.replace("present = 0.3", "absent = 1, present = 0.3"),
        'every_user.costs.absent: is the cost of "absent", the first level: it must be 0, or left out',
    ),
    (lambda texts: texts.two + "users = 3\n", "users: must be [[users]] entries, got 3"),
    (lambda texts: texts.two + "users = [3, {}]\n", "users[1]: must be a [[users]] entry, got 3"),
    (lambda texts: texts.two + "[[users]]\n", "users: describe 1 users, but the table has 2"),
    (lambda texts: texts.two + "[[users]]\ncount = 0\n", "users[1].count: must be a whole number of at least 1, got 0"),
    (
        lambda texts: texts.two + "[[users]]\ncount = 2.0\n",
        "users[1].count: must be a whole number of at least 1, got 2.0",
    ),
    (lambda texts: texts.two + '[[users]]\nname = ""\n[[users]]\n', 'users[1].name (""): must be text, got ""'),
    (
        lambda texts: texts.two + '[[users]]\nname = "A"\n[[users]]\nname = "B"\nsamples = 3\n',
        'users[2].samples ("B"): belongs to kind = "federated-mean" only',
    ),
    (
        lambda texts: texts.two + '[[users]]\nname = "A"\n[[users]]\nname = "B"\nchoices = []\n',
        'users[2].choices ("B"): must name at least one level',
    ),
    (
        lambda texts: texts.two + '[[users]]\nchoices = ["absent", "absent"]\n[[users]]\n',
        'users[1].choices: must name each level once, got ["absent", "absent"]',
    ),
    (
        lambda texts: texts.two + '[[users]]\nlevel = "here"\n[[users]]\nlevel = "present"\n',
        'users[1].level: unknown level "here"; the levels are absent, present',
    ),
    (
        lambda texts: texts.two + '[[users]]\nlevel = "present"\n[[users]]\n',
        "users[2].level: is required, since other users have one",
    ),
    (
        lambda texts: texts.two + '[[users]]\nlevel = "present"\nchoices = ["absent"]\n[[users]]\nlevel = "absent"\n',
        'users[1].level: must be one of the user\'s choices, got "present"',
    ),
    (
        lambda texts: (
            texts.two + '[[users]]\nname = "A"\nchoices = ["present"]\ncosts = { present = inf }\n[[users]]\n'
        ),
        'users[1].costs ("A"): forbids every choice of this user; at least one must cost less than inf',
    ),
    (lambda texts: texts.two + "[platform]\nalpha = 1.5\n", "platform.alpha: must be from 0 to 1, got 1.5"),
    (
        lambda texts: texts.two + '[platform]\nselection = "bst"\n',
        'platform.selection: must be "best" or "worst" or "potential", got "bst"',
    ),
    (lambda texts: texts.two + "[platform]\nmargin = inf\n", "platform.margin: must be at least 0 and finite, got inf"),
    (
        lambda texts: texts.two + '[platform]\nselection = "worst"\nmargin = 0.1\n',
        'platform.margin: must be 0 unless selection = "best"',
    ),
    (
        lambda texts: texts.two + "[platform]\nalpha_from = 0.5\nalpha_to = 0.4\n",
        "platform.alpha_from: must not be above alpha_to",
    ),
    (lambda texts: texts.two + "[platform]\nbudget = -1\n", "platform.budget: must be at least 0 and finite, got -1"),
    (
        lambda texts: texts.two.replace("costs =", "samples = 3, costs ="),
        'every_user.samples: belongs to kind = "federated-mean" only',
    ),
    (lambda texts: texts.dp.replace("low = 1,", "low = 1e200,"), "utility: epsilons[0, 1]: must"),
    (
        lambda texts: texts.two.replace('"absent", ', ""),
        'levels: must name at least two levels, "absent" and another, got ["present"]',
    ),
    (
        lambda texts: texts.two.replace('"absent"', '"present"'),
        'levels: must name each level once, got ["present", "present"]',
    ),
    (lambda texts: texts.two.replace('"absent"', "3"), "levels[1]: must be text, got 3"),
    (lambda texts: "amounts = [0]\n" + texts.two, "amounts: must have a number for each of the 2 levels, got [0]"),
    (
        lambda texts: texts.two.replace('levels = ["absent", "present"]', ""),
        'levels: is required, most private first: for instance ["absent", "federated", "direct"]',
    ),
    (
        lambda texts: texts.two.replace("by_count = [0, ", "by_count = [0, 1, 2, ").replace(
            '"present"]', '"present", "more"]'
        ),
        'utility.by_count: needs two levels, absent and present, got ["absent", "present", "more"]',
    ),
    (
        lambda texts: texts.two.replace('by_count = [0, "2/3", 1]', "values = [[0, 1, 2], [1, 2, 3], [2, 3, 4]]"),
        "utility.values: must have 2 entries along each axis (one a level), not shape (3, 3)",
    ),
    (
        lambda texts: texts.two.replace('by_count = [0, "2/3", 1]', "values = [[0, 1], [1]]"),
        "utility.values: values: must be rectangular",
    ),
    (
        lambda texts: texts.dp.replace("{ low = 2 }", "{ low = 0 }"),
        'users[2].epsilons.low ("star"): must be more than 0 (inf: no noise), got 0',
    ),
    (
        lambda texts: texts.dp.replace("high = inf }\n[every", "high = 0.5 }\n[every"),
        'users[1].epsilons.high ("phone"): must not be smaller than that of the more private level low',
    ),
    (
        lambda texts: texts.dp.replace("{ low = 2 }", "{ lo = 2 }"),
        'users[2].epsilons ("star"): unknown level "lo"; did you mean "low"?',
    ),
    (
        lambda texts: texts.dp.replace("epsilons = { low = 1, high = inf }", "epsilons = { low = 1 }"),
        'users[1].epsilons.high ("phone"): is required',
    ),
    (
        lambda texts: texts.federated.replace("= 20", "= 0"),
        'users[2].samples ("B"): must be a whole number of at least 1, got 0',
    ),
    (
        lambda texts: texts.federated.replace("samples = 20", ""),
        'users[2].samples ("B"): is required: the number of samples of the user',
    ),
    (
        lambda texts: texts.federated.replace("between_variance = 1.96", ""),
        "utility.between_variance: is required (or name the data in [data], and it is fitted)",
    ),
    (
        lambda texts: texts.federated.replace("1.96", "0"),
        "utility.between_variance: must be more than 0 and finite, got 0",
    ),
    (
        lambda texts: texts.federated.replace("1.96", "1e400"),
        "utility.between_variance: must be 0 or of a size between",
    ),
    (
        lambda texts: texts.federated.replace(', "direct"', ""),
        "levels: must be three for the federated mean: absent, federated, direct",
    ),
    (lambda texts: texts.federated[: texts.federated.index("[[users]]")], "users: needs at least one [[users]] entry"),
    (
        lambda texts: texts.federated.replace('"B"', '"A"'),
        'users[1].name ("A"): must differ from every other user\'s name, got "A"',
    ),
    (lambda texts: texts.federated + "costs = { direct = 1 }\n", 'users[1].costs.federated ("A"): is required'),
    (
        lambda texts: texts.federated + '[data]\nfile = "no.csv"\ngroup = "g"\nvalue = "v"\n',
        "data.file: must name an existing file",
    ),
    (lambda texts: texts.federated + '[data]\nfile = "no.csv"\ngroup = "g"\n', "data.value: is required"),
]


def test_numbers_are_exact_and_users_follow_from_the_table(write, texts):
    spec = load(write(texts.two))
    assert spec.costs.tolist() == [[0, Fraction(3, 10)], [0, Fraction(3, 10)]]
    assert all(type(cost) is Fraction for cost in spec.costs.flat)
    assert spec.utility.exact
    assert spec.utility((1, 0)) == Fraction(2, 3)
    assert spec.user_names == ("user 1", "user 2")
    assert spec.actions == ((0, 1), (0, 1))
    assert spec.profile is None
    assert spec.title == "Untitled"


def test_a_table_of_values_has_user_i_on_axis_i(write):
    spec = load(
        write("""
        title = "three levels"
        levels = ["absent", "low", "high"]
        [utility]
        kind = "table"
        values = [[0, 1, 2], [3, 4, 5], [6, "13/2", 8.5]]
        """)
    )
    assert spec.utility((2, 1)) == Fraction(13, 2)
    assert spec.utility((0, 2)) == 2
    assert spec.n_users == 2
    with pytest.raises(SpecificationError, match=r"every_user.costs: is required for this.*low = 1, high = 2"):
        _ = spec.entry_costs


def test_an_own_entry_wins_over_every_user_level_by_level(write, texts):
    spec = load(
        write(
            texts.federated.replace("samples = 10", 'samples = 10\ncosts = { direct = "1/7" }\nlevel = "direct"')
            + '[every_user]\ncosts = { federated = 0.2, direct = 0.6 }\nlevel = "federated"\nimportance = 2\n'
        )
    )
    assert spec.entry_costs.tolist() == [[0, Fraction(1, 5), Fraction(1, 7)], [0, Fraction(1, 5), Fraction(3, 5)]]
    assert spec.profile == (2, 1)
    assert spec.level_names(spec.profile) == ("direct", "federated")
    assert spec.utility.importance.tolist() == [2, 2]


def test_the_federated_mean_has_the_written_parameters(write, texts):
    from fairgames import FederatedMeanUtility

    spec = load(write(texts.federated + "count = 2\nimportance = 3\n"))
    direct = FederatedMeanUtility([10, 20, 20], 1.96, 155.5, importance=[1, 3, 3])
    for profile in [(1, 1, 2), (2, 0, 1), (2, 2, 2)]:
        assert spec.utility(profile) == pytest.approx(direct(profile), rel=1e-14)


def test_a_level_that_is_no_choice_needs_no_cost(write, texts):
    text = texts.two.replace("costs = { present = 0.3 }", 'choices = ["absent"]')
    spec = load(write(text + '[[users]]\ncosts = {absent = 0}\n[[users]]\nname = "B"\n'))
    assert spec.entry_costs.tolist() == [[0, math.inf], [0, math.inf]]


@pytest.mark.parametrize(("text", "expected"), ONE_PROBLEM)
def test_each_mistake_has_its_message(write, text, expected, problems, texts):
    found = problems(write(text(texts)))
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        text
        for text, expected in ONE_PROBLEM
        # These hold for several users, or leave a section out.
        if not any(word in expected for word in ("costs.federated", "every other", "epsilons.high", "uitlity"))
    ],
)
def test_a_mistake_is_not_followed_by_its_consequences(write, text, problems, texts):
    assert len(problems(write(text(texts)))) == 1


def test_the_message_has_the_documented_form(write, texts, problems):
    path = write(texts.federated.replace('"A"', '"institution 1"') + "")
    path.write_text(path.read_text().replace("samples = 10", "samples = 10\ncosts = { federated = 1, direct = -0.4 }"))
    lines = problems(path)
    assert lines[0] == 'users[1].costs.direct ("institution 1"): must be at least 0, got -0.4'


def test_all_problems_are_listed_at_once(write, problems):
    found = problems(
        write("""
        levels = ["absent", "federated", "direct"]
        colour = 1
        [utility]
        kind = "federated-mean"
        between_variance = -1
        aggregation = "mean"
        [platform]
        alpha = 2
        [every_user]
        costs = { federated = 0.2, direc = 0.6 }
        [[users]]
        name = "A"
        samples = 0
        level = "direct"
        costs = { direct = -0.4 }
        [[users]]
        name = "B"
        choices = ["absent", "federated", 3]
        [data]
        file = "../x.csv"
        group = "g"
        value = "v"
        """)
    )
    assert sorted(line.split(":")[0] for line in found) == sorted(
        [
            "colour",
            "utility.between_variance",
            "utility.aggregation",
            "platform.alpha",
            "every_user.costs",
            'users[1].samples ("A")',
            'users[1].costs.direct ("A")',
            'users[2].choices[3] ("B")',
            'users[2].level ("B")',
            'users[2].samples ("B")',
            "data.file",
        ]
    )


def test_an_unreadable_specification_says_why(tmp_path, problems):
    assert problems(tmp_path / "none.toml") == ["cannot be read: No such file or directory"]
    assert problems(tmp_path) == ["cannot be read: it is a folder"]
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "Z\xfcrich"')
    assert problems(latin) == ["is not TOML: it must be text in UTF-8"]


@pytest.mark.parametrize("text", ["a = 1e99999999999999999999999", "a = " + "[" * 5000, "a = " + "9" * 5000])
def test_absurd_toml_is_refused_and_does_not_hang(write, text, problems):
    assert len(problems(write(text))) >= 1


def test_a_specification_error_is_a_fairgames_error_and_survives_pickling(write):
    import pickle

    with pytest.raises(FairGamesError) as caught:
        load(write("levels = 3"))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
