from __future__ import annotations

from fairgames.report.tables import label_sentence, letter_key, level_letters, profile_label


def test_profiles_are_short(five_users, load):
    assert profile_label(five_users, (0, 1, 1, 2, 2)) == "ALLHH"
    assert letter_key(five_users.levels) == "A = absent, L = low, H = high"
    assert level_letters(("absent", "all", "b")) == ("0", "1", "2")
    many = load("""
    levels = ["absent", "present"]
    utility = { kind = "dp-mean", epsilons = { present = 1 } }
    users = [{ count = 1000 }]
    """)
    assert profile_label(many, (0,) * 3 + (1,) * 997) == "3 absent, 997 present"
    assert label_sentence(many) == "Who does what: how many users are at each level."
    assert label_sentence(five_users).endswith("A = absent, L = low, H = high.")
