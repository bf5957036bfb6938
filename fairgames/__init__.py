"""Fair (Shapley) payments for private data, the game they create, and the platform's exact optimum."""
