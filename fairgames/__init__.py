"""Fair (Shapley) payments for private data, the game they create, and the platform's exact optimum.

Data flows one way: a *utility* says what the platform gains at each profile of privacy levels,
*payments* share it fairly, the *game* lets users choose, *equilibria* are what they may settle on,
and the *mechanism* is the payment fraction that leaves the platform most.

The public names are listed in ``__init__.pyi`` and loaded when first used, so that importing the
package costs little more than importing NumPy.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
