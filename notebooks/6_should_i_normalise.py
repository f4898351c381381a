# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. Should I normalise?
#
# Four systems of this project answer the question from four sides: the chain with orthogonal weights, mean-field theory of Gaussian
# weights, residual networks, and plain products of matrices. Here they stand side by side, at one depth.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Installing, on Colab", "code_prompt_hide": "Installing, on Colab"}
# Where isogap is missing (Colab), it is installed first. It is in no public index yet: set ISOGAP_SOURCE to a folder, a wheel or an address.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("isogap") is None:
    source = os.environ["ISOGAP_SOURCE"]
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", source])

# %%
import matplotlib.pyplot as plt
import numpy as np
from sliders import house_style

from isogap import Variant, end_to_end_rate, mean_field, products, residual, simulate_variant

house_style()
depth = 100

# %% [markdown]
# ## 1. No normalisation: the spectrum falls apart
#
# Without it a deep linear network is a product of random matrices. Its singular values spread exponentially: the Lyapunov exponents
# are known exactly, and the condition number grows by $e^{\mu_1-\mu_N}$ a factor.

# %%
size = 32
exponents = products.lyapunov_exponents(size)
spread = exponents[0] - exponents[-1]
print(f"width {size}: exponents from {exponents[0]:.3f} to {exponents[-1]:.3f} a layer")
print(f"condition number after {depth} layers: about 10^{spread * depth / np.log(10):.0f}")
gaussian = products.isometry_gap_of_factors(size, depth)
haar = products.isometry_gap_of_factors(size, depth, haar=True)
print(
    f"isometry gap after {depth} layers: {gaussian:.0f} (Gaussian), {haar:.0f} (orthogonal factors)"
)

# %% [markdown]
# ## 2. Normalise the batch, Gaussian weights: forward tame, backward not
#
# Mean-field theory gives the growth of the squared gradient per layer for any activation and batch. No activation does better
# than the identity's $(B-2)/(B-3)$ (Y5), so every choice explodes; a larger batch and a smoother activation only slow it down.

# %%
batches = (8, 16, 64, 256)
print("activation  " + "".join(f"{f'B = {batch}':>12}" for batch in batches))
rates = {}
for activation in ("identity", "tanh", "relu"):
    rates[activation] = [float(mean_field.gradient_rate(activation, batch)) for batch in batches]
    print(f"{activation:12}" + "".join(f"{rate:12.4f}" for rate in rates[activation]))
print(
    f"\nrelu, B = 64: the gradient grows {rates['relu'][2] ** (depth / 2):.1e}-fold in {depth} layers"
)

# %% [markdown]
# ## 3. Normalise the batch, orthogonal weights: both tame
#
# With random orthogonal weights, no activation and at least as many samples as neurons, the batch becomes orthogonal and the gradient
# stays bounded at every depth (Theorems 1 and 5). An activation brings the explosion back; gains $\ell^{-1/2}$ stop it.

# %%
d = 16
networks = {
    "Gaussian weights": Variant(d, depth, weights="gaussian"),
    "orthogonal weights": Variant(d, depth),
    "orthogonal, tanh": Variant(d, depth, activation="tanh", root_n=True),
    "orthogonal, tanh, gains ℓ^-½": Variant(d, depth, activation="tanh", exponent=0.5, root_n=True),
}
runs = {name: simulate_variant(network, replicas=20, rng=1) for name, network in networks.items()}
growth = {name: end_to_end_rate(run.log_norm, (25, 75)) for name, run in runs.items()}
for name, run in runs.items():
    print(
        f"{name:30} {growth[name].value:8.4f} ± {growth[name].stderr:.4f} a layer  {run.theorem or 'no theorem'}"
    )

# %% mystnb={"image": {"alt": "Mean log norm of the gradient against the layer: tanh rises by nine towards the input, Gaussian weights by two; orthogonal weights are level, and so is tanh with shrinking gains"}}
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for name, run in runs.items():
    ax.plot(run.log_norm[:, :-1].mean(axis=0), label=name)
ax.set(xlabel="layer of the weights", ylabel="mean of log‖∂L/∂W‖")
ax.legend(fontsize=8)
plt.show()

# %% [markdown]
# ## 4. A skip connection: exponential becomes a power
#
# With $x+f(x)$ and normalisation in the branch the variance grows linearly, so block $\ell$ counts one part in $\ell$, and the gradient
# grows like a power of the depth (D6). For relu that saves 14 powers of ten over 100 layers; for the identity at batch 64, which hardly
# explodes, the power is still the larger of the two at this depth. A factor $0$ or $L^{-1/2}$ on the branch, SkipInit, does the same without normalisation.

# %%
print("block  variance  share of the block's branch")
profile = residual.variance_profile(depth, 64)
for block in (0, 9, 99):
    print(
        f"{block + 1:5} {profile.mean_square[block + 1]:9.1f} {100 * profile.share[block]:8.2f} %"
    )
ratios = {name: residual.gradient_ratio(0, depth, 64, name) for name in ("identity", "relu")}
print()
for name, ratio in ratios.items():
    without = rates[name][2] ** depth
    print(f"{name:9} squared gradient: {ratio:7.0f}-fold with skip, {without:.1e}-fold without")

# %% [markdown]
# ## So, should I?
#
# | network | forward | gradient over 100 layers | normalise? |
# |---|---|---|---|
# | no skip, any activation, Gaussian weights | stays finite only with it | explodes, at a known rate | yes, and stay shallow or use small gains |
# | no skip, no activation, orthogonal weights | becomes orthogonal | bounded, proved | it makes any full batch orthogonal; the product alone keeps what it is given |
# | skip connections | variance linear in depth | a power of the depth | either: SkipInit replaces it at initialisation |
#
# None of this is about training to the end: what normalisation does for large learning rates is in the figures of the gallery
# (`residual-batch`, `bjorck-f1`).

# %% [markdown]
# ## What this notebook holds itself to
#
# The next cell, folded away, repeats the claims of the text as assertions; it runs with the tests of the project.

# %% tags=["checks", "hide-input"] mystnb={"code_prompt_show": "The assertions", "code_prompt_hide": "The assertions"}
assert spread > 0
assert gaussian > 10
assert haar == 0
for activation, found in rates.items():
    least = [(batch - 2) / (batch - 3) for batch in batches]
    assert all(rate > low - 1e-12 for rate, low in zip(found, least, strict=True)), activation
    assert all(np.diff(found) < 0), activation
level, tamed = growth["orthogonal weights"], growth["orthogonal, tanh, gains ℓ^-½"]
assert (
    level.value < growth["Gaussian weights"].value / 5
)  # it still settles while the batch becomes orthogonal
bounded = runs["orthogonal weights"]
assert bounded.log_norm.mean(axis=0).max() < min(bounded.bounds)
assert growth["Gaussian weights"].value > 5 * growth["Gaussian weights"].stderr
assert growth["orthogonal, tanh"].value > 5 * growth["orthogonal, tanh"].stderr
assert tamed.value < growth["orthogonal, tanh"].value / 2
assert runs["orthogonal weights"].theorem.startswith("Theorems 1, 3 and 5")
assert np.allclose(profile.mean_square, 1 + np.arange(depth + 1))
assert all(ratios[name] < rates[name][2] ** depth for name in ("relu",))
