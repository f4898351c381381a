"""Mean-field theory of batch normalisation: infinite width, Gaussian weights, any activation, any batch.

Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz, A Mean Field Theory of Batch Normalization, arXiv:1902.08129; statements
Y1 to Y14 of ``verify/mean_field``. Imported as ``isogap.mean_field``.
"""

from isogap.base.bounded import Bounded
from isogap.theory.mean_field.fixed_point import FixedPoint, fixed_point
from isogap.theory.mean_field.gradient_rate import (
    gradient_rate,
    gradient_rate_by_degree,
    linear_rate,
    nonlinearity_price,
    rate_excess,
)

__all__ = [
    "Bounded",
    "FixedPoint",
    "fixed_point",
    "gradient_rate",
    "gradient_rate_by_degree",
    "linear_rate",
    "nonlinearity_price",
    "rate_excess",
]
