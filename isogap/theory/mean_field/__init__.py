"""Mean-field theory of batch normalisation: infinite width, Gaussian weights, any activation, any batch.

Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz, A Mean Field Theory of Batch Normalization, arXiv:1902.08129; statements
Y1 to Y14 of ``verify/mean_field``. Imported as ``isogap.mean_field``.
"""

from isogap.base.bounded import Bounded
from isogap.theory.mean_field.backward import identity_traceless_rate
from isogap.theory.mean_field.closed_forms import gegenbauer_rate, power_rate, shifted_relu_rate, sine_rate
from isogap.theory.mean_field.conditional_gram import ConditionalGram, conditional_gram
from isogap.theory.mean_field.cross_batch import cross_batch_contraction, cross_batch_map, kappa
from isogap.theory.mean_field.fixed_point import FixedPoint, fixed_point
from isogap.theory.mean_field.gain_law import GainLaw, curvatures, gain_law
from isogap.theory.mean_field.gradient_rate import (
    gradient_rate,
    gradient_rate_by_degree,
    linear_rate,
    nonlinearity_price,
    rate_excess,
)
from isogap.theory.mean_field.spectra import SpectrumLaw, spectrum_law
from isogap.theory.mean_field.stability import Stability, first_unstable_batch, stability
from isogap.theory.mean_field.summary import MeanFieldTheory, theory_of
from isogap.theory.mean_field.variant_rate import VariantGrowth, variant_growth

__all__ = [
    "gradient_rate",
    "gradient_rate_by_degree",
    "linear_rate",
    "rate_excess",
    "nonlinearity_price",
    "gegenbauer_rate",
    "power_rate",
    "shifted_relu_rate",
    "sine_rate",
    "gain_law",
    "curvatures",
    "fixed_point",
    "stability",
    "first_unstable_batch",
    "identity_traceless_rate",
    "cross_batch_map",
    "cross_batch_contraction",
    "kappa",
    "conditional_gram",
    "spectrum_law",
    "theory_of",
    "variant_growth",
    "Bounded",
    "FixedPoint",
    "Stability",
    "GainLaw",
    "ConditionalGram",
    "SpectrumLaw",
    "MeanFieldTheory",
    "VariantGrowth",
]
