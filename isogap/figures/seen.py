"""What is seen in every figure, for readers who do not see it: the text that stands for the picture."""

from __future__ import annotations

SEEN = {
    "question": (
        "Gradient of the first layer against depth, logarithmic: with Gaussian weights it rises, close to the line of "
        "mean-field theory; with orthogonal weights it is level, inside the shaded region that is proved for every depth."
    ),
    "gap": (
        "Isometry gap against the layer, logarithmic: mean and median of 1000 networks bend into a straight line; the"
        " proved bound runs parallel to it, close above, while Theorem 1, with this project's constant, stays level."
    ),
    "fig1": (
        "Two panels, widths 50 and 100: the mean gap falls on a straight line of the logarithmic axis, with the exact"
        " asymptote on it and the least proved bound close above; Theorem 1, with this project's constant, and S3 stay nearly"
        " level."
    ),
    "fig2": (
        "Log gradient against depth: level for distinct samples; for repeated ones it rises, close to the dotted line of "
        "the law D4."
    ),
    "fig3": (
        "Left, log gradient against depth: level for orthogonal weights, rising and bending upwards for Gaussian "
        "ones. Right, the slope between neighbouring depths: zero for orthogonal, growing with depth for Gaussian "
        "weights."
    ),
    "fig4": "Training accuracy against the epoch: all depths reach nearly the same accuracy, the deepest networks first.",
    "fig5": (
        "Log gradient against depth: steep lines for sin and tanh with gain 1, level ones with falling gains; an "
        "inset magnifies the level ones, which lie on each other."
    ),
    "fig6": "Training accuracy against the epoch for sin and tanh at three depths: all rise to nearly 80 %, depth 100 last.",
    "table-d1": (
        "Table of batches of data sets: number of pixels, width, batch, mean rank, share of full rank, mean cosine, "
        "median of the least eigenvalue and of the isometry gap."
    ),
    "e1": (
        "Growth of the log gradient per layer divided by the fourth power of the gain, against the gain: level, "
        "within its bars, in the grey region of small gains, and bent beyond it."
    ),
    "e2": (
        "Growth of the log gradient against the layer on two logarithmic axes, one curve an exponent: straight for "
        "small exponents, flattening for exponents above 1/4."
    ),
    "f1": (
        "Isometry gap of the weights during training, logarithmic: three curves, a depth each, rise a little, the deeper the"
        " lower, far below the dotted line of a Gaussian matrix."
    ),
    "f2": (
        "Isometry gap of the weights during training with sin and tanh, logarithmic: curves rise and flatten, the deeper the"
        " lower, far below the line of a Gaussian matrix."
    ),
    "g1": "Test accuracy against the epoch: all depths reach nearly the same accuracy.",
    "g2": (
        "Training accuracy against the epoch: orthogonal weights rise at either depth; Gaussian ones rise slowly when"
        " shallow and diverge when deep."
    ),
    "g3": "Test accuracy against the epoch for sin and tanh at three depths: all rise to some 75 %, depth 100 last.",
    "g4": (
        "Log gradient of every layer at three times of the training: level for orthogonal weights; for Gaussian ones "
        "it falls steeply from the first layer to the last. An inset magnifies the level ones."
    ),
    "g5": (
        "Log gradient against the layer, two orders of activation and normalisation: straight lines that fall to zero"
        " at the last layer, steep for relu and leaky-relu, flat for selu."
    ),
    "g6": (
        "Log gradient against the layer: four curves that drop at both ends and are level between, but for the one "
        "with the mean removed and as many samples as neurons, which lies higher and falls slowly all the way."
    ),
    "theorem-5": (
        "Left, the sum of the Jacobian norms against the width, four lines of small slope, one an input. Right, bound"
        " over measured sum: S5 lies 10 to 200 times above, Theorem 5 up to ten powers of ten."
    ),
    "rank": (
        "Growth per layer against batch over width: positive below 1 and zero from n = d on, or n = d + 1 with the "
        "mean removed; marks of BatchNorm1d lie on those with the mean removed."
    ),
    "mf-batch": (
        "Rate of the squared gradient against the batch for seven activations: lines of theory fall to a limit each, "
        "identity lowest, and the measured points lie on them."
    ),
    "mf-gain": (
        "Excess of the rate against the gain on two logarithmic axes: odd activations fall with the fourth power, "
        "others with the second, relu is level."
    ),
    "mf-stability": (
        "Left, the stability number against the batch: some activations cross 1. Right, dispersion of the norms along"
        " the layers: below the critical batch it stays small, above it rises to 1."
    ),
    "mf-spectrum": "Six histograms of eigenvalues, each under the curve of its Marchenko-Pastur law.",
    "mf-rank": (
        "Participation ratio against the batch, logarithmic: it follows the batch and is level beyond twice the root "
        "of the width; measured points on the line of theory."
    ),
    "mf-step": (
        "Left, ratio of the largest to the smallest gradient over steps of SGD: it falls. Right, log gradient of "
        "every layer: a straight fall before the first step, nearly level after it."
    ),
    "mf-depth": (
        "Left, test accuracy against depth: relu falls first, tanh later, tanh with small gains least. Right, the "
        "same against the predicted range of the gradients."
    ),
    "residual-variance": (
        "Left, variance against the block: linear with normalised branches, exponential without. Right, share of "
        "every branch: it falls like one over the block with normalised branches."
    ),
    "residual-paths": (
        "Left, bars of Stirling numbers with the measured shares of path lengths on them, most of them at 2 to 5 of "
        "50 branches. Right, mean square against the scale of the branches, on the line of the law."
    ),
    "residual-gradient": "Squared gradient against the layer, axes logarithmic: three straight lines, a power of the depth each.",
    "residual-isometry": (
        "Isometry gap against the layer of six networks: it falls without skip connections and rises with them, most "
        "without normalisation."
    ),
    "residual-depth": (
        "Test accuracy against the number of blocks: with skip connections and BN or SkipInit it stays high at 1000 "
        "blocks; without one of the two it is at chance."
    ),
    "residual-batch": (
        "Three maps of test accuracy over batch and learning rate: BN trains up to the largest rates, the others only"
        " below a line; white dots mark the best rate, a dashed line the batch B*."
    ),
    "c1": (
        "Measured growth over the law D4 against rank over width, one curve a width: within a few per cent of 1 for the wide "
        "networks, lower where the rank is 4, while the dashed leading order C1 falls away to one half."
    ),
    "bjorck-f1": (
        "Three panels of test accuracy against the learning rate for five depths: without BN deep networks never "
        "leave chance; with BN everywhere all depths train at large rates."
    ),
    "bjorck-f2": "Two histograms of gradient entries, logarithmic: narrow and nearly normal with BN, wide and skewed without.",
    "bjorck-f3": (
        "Loss after one step over the loss before, against its size: with BN it falls and turns up late; without BN "
        "it blows up at rates ten times smaller."
    ),
    "bjorck-f4": (
        "Means and variances of channels along one step without BN at three layers: the later the layer, the more "
        "powers of ten they grow."
    ),
    "bjorck-f5": "Variance before the ReLU against the block: with BN within one power of ten, without BN rising over four.",
    "bjorck-f6": (
        "Two maps of gradients by image and class: with BN most classes change from image to image; without BN one "
        "class is dark for nearly all images."
    ),
    "bjorck-f7": "Two maps of gradient size by channel in and out: even with BN, bright in few rows and columns without.",
    "bjorck-f8": (
        "Densities of squared singular values and of singular values for products of 1, 2, 3 and 6 matrices: heavier "
        "at both ends the more factors."
    ),
    "bjorck-f9": "Three histograms of singular values of products of 1, 2 and 5 matrices, each under the curve of the law.",
    "bjorck-f20": (
        "Left, mean log condition number against the number of factors, approaching the lines of Lyapunov exponents. "
        "Right, against the size, parallel to the lines of the law."
    ),
    "bjorck-table1": (
        "Ratio of summed sizes to the size of the sum at three layers: large with BN, near 1 without, with the "
        "printed values of the paper as crosses."
    ),
    "engine-cost": (
        "Left, microseconds a layer against the width: the engine's curve lies 6 to 300 times below scipy, NumPy and torch. "
        "Right, how many times the engine's time each of the others takes, with the spread of repeated measurements."
    ),
}
