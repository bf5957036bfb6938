"""What is asked, in one object: utility, costs, users, levels, choices, and what the platform can afford and needs."""
