"""A concave utility of any number of groups that declares nothing."""

import numpy as np

from fairgames.utility.grouped import GroupedUtility


class BlackBox(GroupedUtility):
    """Logarithm of the weighted number of present users."""

    def __init__(self, sizes, weights=None):
        super().__init__(list(range(len(sizes))), sizes, 2)
        self.weights = 1.0 + 2.0 * np.arange(len(sizes)) if weights is None else np.array(weights)

    def evaluate_counts(self, counts):
        """Utility of states, ``(M, K, 2)`` to ``(M,)``."""
        return np.log1p(counts[:, :, 1] @ self.weights)
