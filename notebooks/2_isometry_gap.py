# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. The isometry gap
#
# A batch $X$ of unit rows passes through $X\mapsto\operatorname{BN}(WX)$ with Haar orthogonal $W$, layer after layer. How fast does it
# become orthogonal? We measure, compare with the exact law of one step, and see how far the bounds are.

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
from sliders import explore, house_style

import isogap
from isogap import bounds, plot_run

house_style()

# %% [markdown]
# ## The gap of a batch
#
# $\varphi(X)=\log(\text{arithmetic mean}/\text{geometric mean})$ of the eigenvalues of $XX^\top$: zero for orthogonal $X$, infinite for
# singular $X$.

# %%
X = isogap.batch_norm(np.random.default_rng(0).standard_normal((8, 8)))
spectrum = np.linalg.eigvalsh(X @ X.T)
print("spectrum", spectrum.round(4), " mean", spectrum.mean().round(12))
print("gap     ", isogap.isometry_gap(X))

# %% [markdown]
# ## One step: the exact mean
#
# Given the spectrum, the mean of the next gap is a one-dimensional integral (E3):
#
# $$
# \mathbb{E}[\varphi_{\ell+1}\mid X_\ell]-\varphi_\ell=\int_0^\infty\left[(1+2t)^{-d/2}-\prod_k(1+2\lambda_kt)^{-1/2}\right]\frac{dt}{t}
# $$
#
# `exact_step` returns it with an error bound. Two thousand sampled layers must agree within five standard errors.

# %%
step = isogap.exact_step(spectrum)
W = isogap.haar_orthogonal(8, size=2000, rng=1)
Y = ((W @ X) ** 2).sum(axis=2)
change = np.log(Y).mean(axis=1)  # E2: the gap changes by the mean of log Y
z = (change.mean() - step.value) / (change.std(ddof=1) / np.sqrt(len(change)))
print(f"exact {step.value:.9f} ± {step.error:.0e}, sampled {change.mean():.5f}, z = {z:.2f}")

# %% [markdown]
# Three bounds on the same number: the paper's Corollary 4, its sharp form S1, and Lemma B.2, which knows only $\varphi$.

# %%
phi = float(isogap.isometry_gap(X))
known = {
    "exact": step.value,
    "S1": bounds.corollary_4_sharp(spectrum),
    "Corollary 4": bounds.corollary_4(spectrum),
    "S2 (φ alone)": bounds.lemma_b2_sharp(8, phi),
    "Lemma B.2 (φ alone)": bounds.lemma_b2(8, phi),
}
for name, value in known.items():
    print(f"{name:20} {float(value):.6f}")

# %% [markdown]
# ## Many steps
#
# `simulate` runs many independent networks from one batch, in a form that keeps the relative accuracy of $\varphi$ down to 1e-308
# and beyond. It checks itself: the energy law E4 on every path, and the exact law at a few layers.

# %% mystnb={"image": {"alt": "Isometry gap against the layer, logarithmic, width 16: the median and the band of 90 percent bend into a straight line near layer 90; the best proved bound and the exact asymptote run parallel to it, close above; Theorem 1 stays level at 1"}}
run = isogap.simulate(16, 300, replicas=200, rng=3)
print(f"energy law residual {run.energy_residual:.1e}; one-step law passed: {run.one_step.passed}")
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
plot_run(run, ax)
plt.show()

# %% [markdown]
# ## The rate
#
# Near orthogonality the mean gap shrinks by $d/(d+2)$ per layer (E8). Theorem 1 promises a length of order $d^2(1+d\varphi_0)$ layers
# per factor $e$, S3 one of order $d(1+d\varphi_0)$:

# %%
d = 16
print(f"measured rate {run.rate.measured:.5f}, d/(d+2) = {float(bounds.asymptotic_rate(d)):.5f}")
print(f"layers per factor e: true {-1 / np.log(bounds.asymptotic_rate(d)):.1f}", end=", ")
print(f"S3 {float(bounds.theorem_1_sharp_length(d, run.phi0)):.0f}", end=", ")
print(f"Theorem 1 {float(bounds.theorem_1_length(d, run.phi0)):.0f}")


# %% [markdown]
# ## Try it: width, depth, spectrum
#
# Three sliders in a live notebook; where none can move, the ends and the middle of the first two side by side. `level` is how uneven the
# spectrum is: one eigenvalue that many times the others.


# %% mystnb={"image": {"alt": "Nine small plots of the gap against the layer, for widths 2, 8, 32 and three spectra: the median falls by many powers of ten, in the end on a straight line, the slower the wider the network; Theorem 1 and S3 stay almost level on these 100 layers"}}
held = []


def draw(ax, width, level, depth):
    start = "spectrum:" + ",".join([str(level)] + ["1"] * (width - 1))
    found = isogap.simulate(
        width,
        depth,
        replicas=40,
        input=start,
        rng=5,
        checks=isogap.Checks(layers=0, control_variate=False),
    )
    layers = np.arange(depth + 1)
    ax.semilogy(
        layers, np.exp(found.log_phi.median), color="#0072B2", label="median of 40 networks"
    )
    ax.semilogy(layers, found.bounds.sharp, color="#E69F00", label="S3")
    ax.semilogy(layers, found.bounds.theorem_1, "--", color="#D55E00", label="Theorem 1")
    ax.set(xlabel="layer", ylabel="φ")
    ax.legend(fontsize=7)
    held.append(
        (found.phi.mean - 5 * found.phi.stderr <= found.bounds.theorem_1 * (1 + 1e-12)).all()
    )


shown = explore(
    draw,
    width=[2, 4, 8, 16, 32],
    level=[2, 10, 100, 10_000, 1_000_000],
    depth=[20, 50, 100, 200, 400],
)

# %% [markdown]
# At $d=2$ the whole law of one step is elementary (E9); `bounds.step_d2(a)` is its mean for the spectrum $1\pm a$:

# %%
for a in (1e-6, 0.1, 0.6, 1 - 1e-9):
    exact = isogap.exact_step_from_deviation([a, -a]).value
    print(f"a = {a:<12.10g} step {exact:.12g}")

# %% [markdown]
# ## What this notebook holds itself to
#
# The next cell, folded away, repeats the claims of the text as assertions; it runs with the tests of the project.

# %% tags=["checks", "hide-input"] mystnb={"code_prompt_show": "The assertions", "code_prompt_hide": "The assertions"}
# the batch is well conditioned: its eigenvalues are right to some 1e-13
assert abs(isogap.isometry_gap(X) + np.log(spectrum).mean()) < 1e-9
assert isogap.isometry_gap(np.eye(3)) == 0.0
assert isogap.isometry_gap(np.ones((3, 3))) == np.inf
assert abs(z) < 5
assert all(step.value <= value < 0 for value in known.values())
assert run.energy_residual < 1e-9
assert run.one_step.passed
assert (run.phi.mean - 5 * run.phi.stderr <= run.bounds.sharp * (1 + 1e-12)).all()
assert abs(run.rate.measured - bounds.asymptotic_rate(d)) < 5 * run.rate.stderr
assert bounds.theorem_1_sharp_length(d, run.phi0) < bounds.theorem_1_length(d, run.phi0)
assert held
assert all(held)
for a in (1e-6, 0.1, 0.6, 1 - 1e-9):
    exact = isogap.exact_step_from_deviation([a, -a]).value
    assert abs(exact - bounds.step_d2(a)) <= 1e-12 * abs(exact)
