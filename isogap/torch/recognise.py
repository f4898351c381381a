"""Whether a module is a `Variant` or a `ResidualChain`, and what of it the theory has to know."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from isogap.model.activations import activation
from isogap.model.residual import ResidualChain, weight_variance
from isogap.model.variant import Variant
from isogap.torch.construction import LinearBatchNorm
from isogap.torch.laws import law_of, moments_of_haar, size_of, size_range, wide
from isogap.torch.residual import BatchNorm
from isogap.torch.tokens import Act, Norm, Scale, Sum, Token, Unrecognised, Weight, tokens_of
from isogap.torch.tracing import Trace

__all__ = ["Recognition", "recognise"]

# Sizes of weights in one network may differ by this share (ours) and 6/d: those of independent entries scatter by 1/(√2 d).
SPREAD = 0.25


_COUNTED = (torch.nn.Linear, torch.nn.BatchNorm1d, BatchNorm, LinearBatchNorm)


@dataclass(frozen=True)
class Recognition:
    """What a module is.

    Attributes
    ----------
    network : Variant, ResidualChain or None
    reason : str
        Why it is neither; empty if it is.
    remarks : tuple of str
        How it was read.
    first : int or None
        Row of the first layer that counts, whose input has the rank of the theory; None if it is no row.
    calls : tuple of int
        Rows of the weights ``W_0, ..., W_L`` in the report, the readout last if there is one.
    gamma : ndarray or None
        Scales behind the normalisation, ``(L, d)``, if they are not all equal.
    bias : bool
        Whether there are shifts other than 0 that no mean removal takes away.
    """

    network: Any
    reason: str = ""
    remarks: tuple[str, ...] = ()
    first: int | None = None
    calls: tuple[int, ...] = ()
    gamma: Any = None
    bias: bool = False


def recognise(trace: Trace, samples: int, distinct: int) -> Recognition:
    """Say which network of the theory a traced module is.

    Parameters
    ----------
    trace : Trace
    samples, distinct : int
        Batch, and how many of its samples differ.
    """
    try:
        tokens = tokens_of(trace)
        _refuse_other_shapes(trace, samples)
        if any(isinstance(t, Sum) for t in tokens):
            return _residual(tokens, samples)
        return _variant(tokens, samples, distinct)
    except Unrecognised as why:
        return Recognition(None, str(why))


def _refuse_other_shapes(trace: Trace, samples: int) -> None:
    """Refuse layers that see something else than one vector a sample: sequences, or rows that a view has split."""
    for node in trace.nodes:
        if node.call is None or not isinstance(node.module, _COUNTED):
            continue
        shape = trace.calls[node.call].shape
        if len(shape) != 2 or shape[0] != samples:
            raise Unrecognised(
                f"{trace.calls[node.call].name} gives shape {shape} for {samples} samples: the theory has one vector a sample"
            )


def _variant(tokens: list[Token], samples: int, distinct: int) -> Recognition:
    weights = [t for t in tokens if isinstance(t, Weight)]
    if not any(isinstance(t, Norm) for t in tokens):
        raise Unrecognised("no normalisation over the batch: the theory here is of batch normalisation")
    blocks, readout = _blocks(tokens)
    if len(blocks) < 2:
        raise Unrecognised(f"{len(blocks)} normalised layer{'s' * (len(blocks) != 1)}: nothing to take a rate of")
    if any(id(a.matrix) == id(b.matrix) or a.matrix.data_ptr() == b.matrix.data_ptr() for a, b in _pairs(weights)):
        raise Unrecognised("a weight is used more than once: the theory has independent weights in every layer")
    remarks: list[str] = []
    if _weight(blocks[0]).matrix.shape[0] != _weight(blocks[0]).matrix.shape[1]:
        rows, columns = _weight(blocks[0]).matrix.shape
        remarks.append(f"the first layer, from {columns} features to {rows}, is taken as preparation of the batch")
        blocks = blocks[1:]
    if readout is None:
        remarks.append("no linear readout: taken as a network whose readout is the identity")
    shape = _common_shape(blocks)
    matrices = [_weight(b).matrix for b in blocks]
    law, sizes = _law(matrices, remarks)
    order, norm = _order(blocks), _common_norm(blocks)
    acts = [next((t for t in b if isinstance(t, Act)), None) for b in blocks]
    gain, exponent, name = _gains(acts, blocks, order, sizes)
    repeats = _repeats(samples, distinct, remarks)
    if norm.eps > 0 and abs(min(sizes) - 1) > SPREAD:
        remarks.append(
            f"eps is relative to weights of size {min(sizes):.3g}: {norm.eps:g} acts as {norm.eps / min(sizes) ** 2:.3g}"
        )
    try:
        network = Variant(
            shape, len(blocks), batch=samples, weights=law, repeats=repeats, mean_removal=norm.mean_removal, root_n=norm.root_n,
            eps=norm.eps / min(sizes) ** 2, activation=activation(name), gain=gain, exponent=exponent, order=order,
        )  # fmt: skip
    except ValueError as why:
        raise Unrecognised(str(why)) from None
    used = [_weight(b) for b in blocks] + ([] if readout is None else [readout])
    calls = tuple(w.call for w in used if w.call is not None)
    rows = calls if len(calls) == len(used) else ()
    return Recognition(network, "", tuple(remarks), used[0].call, rows, _gamma(blocks, shape), _shifts(blocks, norm))


def _repeats(samples: int, distinct: int, remarks: list[str]) -> int:
    """How often each sample occurs, if that is one number."""
    if samples % distinct or samples == distinct:
        return 1
    remarks.append(f"samples occur {samples // distinct} times each: {distinct} are distinct")
    return samples // distinct


def _pairs(weights: Sequence[Weight]) -> list[tuple[Weight, Weight]]:
    """Weights with one of the same place in memory next to each other."""
    ordered = sorted(weights, key=lambda w: int(w.matrix.data_ptr()))
    return list(itertools.pairwise(ordered))


def _blocks(tokens: list[Token]) -> tuple[list[list[Token]], Weight | None]:
    """The layers from weight to weight, and the readout."""
    starts = [i for i, t in enumerate(tokens) if isinstance(t, Weight)]
    if not starts:
        raise Unrecognised("no linear layer")
    if any(isinstance(t, Act) for t in tokens[: starts[0]]):
        raise Unrecognised("an activation before the first linear layer")
    ends = [*starts[1:], len(tokens)]
    blocks = [tokens[a:b] for a, b in zip(starts, ends, strict=True)]
    last = blocks[-1]
    readout = last[0] if len(last) == 1 and isinstance(last[0], Weight) else None
    return blocks[:-1] if readout is not None else blocks, readout


def _weight(block: list[Token]) -> Weight:
    assert isinstance(block[0], Weight)
    return block[0]


def _order(blocks: list[list[Token]]) -> str:
    """``norm-act`` or ``act-norm``, the same in all layers."""
    patterns = {tuple(type(t).__name__ for t in b if not isinstance(t, Scale)) for b in blocks}
    if any(isinstance(t, Scale) for b in blocks for t in b[1:]):
        raise Unrecognised("a multiplication between its layers")
    if len(patterns) > 1:
        raise Unrecognised("its layers are not all built alike: " + " and ".join(sorted("-".join(p) for p in patterns)))
    pattern = patterns.pop()
    if pattern in (("Weight", "Norm"), ("Weight", "Norm", "Act")):
        return "norm-act"
    if pattern == ("Weight", "Act", "Norm"):
        return "act-norm"
    raise Unrecognised(f"its layers are {'-'.join(pattern)}; the theory has Weight-Norm-Act and Weight-Act-Norm")


def _common_shape(blocks: list[list[Token]]) -> int:
    shapes = {tuple(_weight(b).matrix.shape) for b in blocks}
    if len(shapes) != 1 or len(set(next(iter(shapes)))) != 1:
        widths = sorted({int(s) for shape in shapes for s in shape})
        raise Unrecognised(f"layers of different widths ({', '.join(map(str, widths))}): the theory has one")
    return int(next(iter(shapes))[0])


def _common_norm(blocks: list[list[Token]]) -> Norm:
    norms = [t for b in blocks for t in b if isinstance(t, Norm)]
    if len({(n.mean_removal, n.root_n, n.eps) for n in norms}) != 1:
        raise Unrecognised("normalisations of different kinds or eps")
    return norms[0]


def _law(matrices: list[Any], remarks: list[str]) -> tuple[str, list[float]]:
    """The law of all square weights, as `Variant` names it, and their sizes."""
    if any(law_of(m) == "zero" for m in matrices):
        raise Unrecognised("weights that are all zero")
    if matrices[0].shape[0] > 1 and all(torch.equal(m, matrices[0]) for m in matrices):
        raise Unrecognised("the same weights in several layers: the theory has independent ones")
    laws = {law_of(m) for m in matrices}
    if len(laws) > 1 and laws <= {"orthogonal", "hadamard"}:
        laws = {"orthogonal"}
    if len(laws) > 1:
        raise Unrecognised(f"weights of different laws: {', '.join(sorted(laws))}")
    law = laws.pop()
    distinct = len({m.contiguous().cpu().view(torch.uint8).numpy().tobytes() for m in matrices})
    if law in ("orthogonal", "independent") and matrices[0].shape[0] > 1 and distinct < len(matrices):
        raise Unrecognised("the same weights in several layers: the theory has independent ones")
    sizes = [size_of(m) for m in matrices]
    if law == "other orthogonal" or (law == "orthogonal" and not moments_of_haar(matrices)):
        raise Unrecognised("orthogonal weights that are not Haar's: their entries have other fourth moments (F2b)")
    if max(sizes) > (1 + SPREAD) * size_range(len(matrices[0]), len(matrices), law) * min(sizes):
        raise Unrecognised(
            f"weights of different sizes, mean squares s²/d with s = {min(sizes):.3g} to {max(sizes):.3g}"
        )
    if law == "independent":
        remarks.append("weights are not orthogonal: taken as independent entries")
        return "gaussian", sizes
    if law == "orthogonal":
        remarks.append("weights are orthogonal: taken as Haar's")
    return law, sizes


def _gains(
    acts: list[Act | None], blocks: list[list[Token]], order: str, sizes: list[float]
) -> tuple[float, float, str]:
    """``gain, exponent, activation`` of ``α_l = gain l^-exponent``; equal gamma and, before a normalisation, sizes are gains."""
    if acts[0] is None:
        return 1.0, 0.0, "identity"
    names = {a.name for a in acts if a is not None}
    if len(names) != 1:
        raise Unrecognised(f"different activations: {', '.join(sorted(names))}")
    name = names.pop()
    gains = np.array([a.gain for a in acts if a is not None])
    if activation(name).slopes is not None:
        return 1.0, 0.0, name  # homogeneous: gains cancel in the next normalisation
    own = np.array([_scale_of(b) for b in blocks])  # checked in both orders
    gains = gains * (float(np.median(sizes)) if order == "act-norm" else own)
    layers = np.arange(1, len(gains) + 1)
    exponent = -math.log(gains[-1] / gains[0]) / math.log(len(gains)) if len(gains) > 1 else 0.0
    exponent = 0.0 if abs(exponent) < 1e-6 else exponent
    if np.abs(np.log(gains / (gains[0] * layers**-exponent))).max() > 1e-4:
        raise Unrecognised("gains that follow no power of the layer")
    return float(gains[0]), round(exponent, 9), name


def _scale_of(block: list[Token]) -> float:
    """An equal gamma of a layer; 1 where it is unequal, which the coverage says."""
    norm = next(t for t in block if isinstance(t, Norm))
    if norm.gamma is None or not bool((norm.gamma == norm.gamma[0]).all()):
        return 1.0
    if float(norm.gamma[0]) <= 0:
        raise Unrecognised("a gamma that is not positive")
    return float(norm.gamma[0])


def _gamma(blocks: list[list[Token]], width: int) -> Any:
    """Gamma of all layers where it is there; None if all are 1."""
    norms = [t for b in blocks for t in b if isinstance(t, Norm)]
    if all(n.gamma is None or bool((n.gamma == 1).all()) for n in norms):
        return None
    rows = [torch.ones(width) if n.gamma is None else n.gamma for n in norms]
    return np.stack([wide(r).numpy() for r in rows])


def _shifts(blocks: list[list[Token]], norm: Norm) -> bool:
    """Whether a bias or beta is not removed: by the mean of the normalisation that follows, through linear layers alone."""
    for block in blocks:
        kinds = [type(t).__name__ for t in block]
        bias = _weight(block).bias
        shifted = bias is not None and bool(bias.any())
        if shifted and not (norm.mean_removal and kinds[1] == "Norm"):
            return True
        own = next(t for t in block if isinstance(t, Norm))
        if own.beta is not None and bool(own.beta.any()) and (not norm.mean_removal or "Act" in kinds):
            return True
    return False


def _residual(tokens: list[Token], samples: int) -> Recognition:
    """``x + α W φ(BN(x))`` and its relatives: one weight a branch, weight last."""
    first = next(i for i, t in enumerate(tokens) if isinstance(t, Sum))
    last = len(tokens) - next(i for i, t in enumerate(reversed(tokens)) if isinstance(t, Sum))
    inner = tokens[first:last]
    others = [type(t).__name__ for t in [*tokens[:first], *tokens[last:]]]
    if others.count("Weight") > 2 or (
        tokens[:first] and [type(t).__name__ for t in tokens[:first]].count("Weight") > 1
    ):
        raise Unrecognised("residual blocks behind or before layers of another kind")
    after = isinstance(tokens[first + 1], Norm) if len(inner) > 1 or last < len(tokens) else False
    norms_between = [t for t in inner if isinstance(t, Norm)]
    if any(not isinstance(t, Sum | Norm) for t in inner):
        raise Unrecognised("something other than a normalisation between its residual sums")
    sums = [t for t in inner if isinstance(t, Sum)]
    if norms_between and not (after and len(norms_between) >= len(sums) - 1):
        raise Unrecognised("a normalisation after some of its residual sums only")
    if len(sums) < 2:
        raise Unrecognised("one residual block: nothing to take a rate of")
    branches = [s.branch for s in sums]
    kinds = {tuple(type(t).__name__ for t in b if not isinstance(t, Scale)) for b in branches}
    if len(kinds) > 1:
        raise Unrecognised("its branches are not all built alike: " + " and ".join(sorted("-".join(k) for k in kinds)))
    kind = kinds.pop()
    if kind not in (("Norm", "Act", "Weight"), ("Norm", "Weight"), ("Act", "Weight"), ("Weight",)):
        raise Unrecognised(f"residual branches {'-'.join(kind)}: the theory has Norm-Act-Weight and Act-Weight")
    return _chain(branches, kind, bool(norms_between), samples)


def _common_activation(branches: list[list[Token]]) -> Any:
    names = {t.name for b in branches for t in b if isinstance(t, Act)} or {"identity"}
    if len(names) > 1:
        raise Unrecognised(f"different activations: {', '.join(sorted(names))}")
    return activation(names.pop())


def _chain(branches: list[list[Token]], kind: tuple[str, ...], after: bool, samples: int) -> Recognition:
    weights = [next(t for t in b if isinstance(t, Weight)) for b in branches]
    width = _common_shape([[w] for w in weights])
    remarks: list[str] = []
    law, sizes = _law([w.matrix for w in weights], remarks)
    phi = _common_activation(branches)
    factors = [math.prod(t.factor for t in b if isinstance(t, Scale)) * s for b, s in zip(branches, sizes, strict=True)]
    if max(map(abs, factors)) > (1 + SPREAD) * size_range(
        width, len(factors), "independent" if law == "gaussian" else law
    ) * min(map(abs, factors)):
        raise Unrecognised("branches of different sizes")
    alpha = float(np.median(factors)) / math.sqrt(weight_variance(phi))
    alpha = round(alpha) if abs(alpha - round(alpha)) < 0.05 and round(alpha) else alpha  # sizes are estimates
    scaled = any(isinstance(t, Scale) for b in branches for t in b)
    name = (
        "norm-after-sum" if after else "batch-norm" if kind[0] == "Norm" else "skipinit" if scaled else "unnormalised"
    )
    norms = [t for b in branches for t in b if isinstance(t, Norm)]
    if norms and not all(n.mean_removal and n.root_n for n in norms):
        raise Unrecognised("residual branches with a normalisation without mean removal")
    if any(n.gamma is not None and not bool((n.gamma == 1).all()) for n in norms):
        raise Unrecognised("residual branches whose gamma is not 1")
    if abs(alpha - 1) > 0.05:
        remarks.append(
            f"the size of its weights is in alpha = {alpha:.3g}; variance {weight_variance(phi):g}/width has 1"
        )
    if name != "batch-norm" and any(w.bias is not None and bool(w.bias.any()) for w in weights):
        remarks.append("biases are left out of the theory")
    try:
        network = ResidualChain(
            width,
            len(branches),
            samples,
            kind=name,
            activation=phi,
            alpha=alpha,
            weights="orthogonal" if law != "gaussian" else law,
        )
    except ValueError as why:
        raise Unrecognised(str(why)) from None
    calls = tuple(w.call for w in weights if w.call is not None)
    return Recognition(network, "", tuple(remarks), weights[0].call, calls if len(calls) == len(weights) else ())
