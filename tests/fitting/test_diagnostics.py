import re

import numpy as np
import pytest

from fairgames.fitting.federated_mean import diagnose

GOOD = {
    "samples": np.array([10, 20, 30, 15, 25, 12]),
    "means": np.array([1.0, 3.0, 0.0, 2.0, -1.0, 5.0]),
    "between": 2.0,
    "between_interval": (0.5, 9.0),
}


def test_nothing_to_say():
    assert diagnose(**GOOD) == ()


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"between": -0.3, "between_interval": (0.0, 1.0)}, "estimated as -0.3, not above 0"),
        ({"between": 0.0, "between_interval": (0.0, 1.0)}, "estimated as 0, not above 0"),
        ({"between_interval": (0.0, 9.0)}, "starts at 0: the data do not show that the groups differ"),
        ({"samples": np.array([10, 12, 11, 9]), "means": np.arange(4.0)}, "rests on 4 groups only"),
        ({"samples": np.array([10, 20, 30, 15, 25, 400])}, "one group holds 80 % of all observations"),
        ({"means": np.array([1.0, 4.0, 6.0, 3.0, 5.0, 2.0])}, r"rank correlation 1.00, p = .*unrelated"),
    ],
)
def test_each_finding_is_named_alone(change, finding):
    (found,) = diagnose(**(GOOD | change))
    assert re.search(finding, found)


def test_two_groups_have_no_giant():
    findings = diagnose(np.array([10, 90]), np.array([0.0, 5.0]), 2.0, (0.5, 9.0))
    assert findings == ("the variance between groups rests on 2 groups only: see its interval",)


def test_equal_sizes_cannot_go_with_means():
    assert diagnose(np.full(6, 10), np.arange(6.0), 2.0, (0.5, 9.0)) == ()
