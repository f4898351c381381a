"""Losses on the logits ``Z`` of the network: value and gradient in ``Z``. Their constants: `isogap.run.gradients`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isogap.base.archives import check_npy
from isogap.base.arguments import finite_array, integer, one_of
from isogap.base.arrays import FloatArray
from isogap.batch.spec import InputError
from isogap.model.choices import LOSSES


@dataclass(frozen=True)
class Loss:
    """A loss of the ``K x n`` logits, averaged over the ``n`` samples.

    Attributes
    ----------
    kind : str
        ``"cross-entropy"``: ``-(1/n) Σ_i log softmax(Z_·i)[label_i]``; ``"squared-error"``: ``‖Z - T‖_F² / (2n)``.
    targets : ndarray, shape (K, n)
        One-hot columns of the labels, or the targets ``T``.

    Examples
    --------
    >>> loss = Loss("squared-error", np.eye(2))
    >>> loss.value(np.zeros((2, 2)))
    array(0.5)
    """

    kind: str
    targets: FloatArray

    @property
    def classes(self) -> int:
        """Number of logits ``K`` per sample."""
        return int(self.targets.shape[0])

    @property
    def samples(self) -> int:
        """Batch size ``n``."""
        return int(self.targets.shape[1])

    def value(self, Z: FloatArray) -> FloatArray:
        """Loss of logits of shape ``(..., K, n)``."""
        if self.kind == "squared-error":
            return np.asarray(((Z - self.targets) ** 2).sum(axis=(-2, -1)) / (2 * self.samples))
        top = Z.max(axis=-2, keepdims=True)
        p = Z - top
        log_sum = np.log(np.exp(p, out=p).sum(axis=-2)) + top[..., 0, :]
        return np.asarray((log_sum - (Z * self.targets).sum(axis=-2)).mean(axis=-1))

    def gradient(self, Z: FloatArray) -> FloatArray:
        """Gradient in the logits, shape ``(..., K, n)``."""
        if self.kind == "squared-error":
            return np.asarray((Z - self.targets) / self.samples)
        p = np.asarray(Z - Z.max(axis=-2, keepdims=True))
        np.exp(p, out=p)
        p /= p.sum(axis=-2, keepdims=True)
        p -= self.targets
        p /= self.samples
        return p


def make_loss(
    kind: str,
    width: int,
    batch: int,
    *,
    labels: Any = None,
    classes: int | None = None,
    generator: np.random.Generator,
) -> Loss:
    """Build a loss for ``batch`` samples.

    Parameters
    ----------
    kind : {"cross-entropy", "squared-error"}
    width, batch : int
        ``d`` and ``n``.
    labels : array_like, optional
        Whole numbers in ``0..K-1``, one per sample; for the squared error also real targets of shape ``(K, n)``. Without labels
        they are random: uniform labels, or normal targets of variance ``1/n``, the size of the logits.
    classes : int, optional
        ``K ≤ d``: the logits are the first ``K`` rows of ``W_L X_L``. Default: the number of labels in use when labels are
        given (at least 2 and at most d), else ``d``.
    generator : Generator
        Randomness of the labels.

    Raises
    ------
    ValueError, TypeError
        A label out of range, a wrong number of labels, more classes than the width.

    Examples
    --------
    >>> make_loss("cross-entropy", 4, 3, labels=[0, 2, 1], generator=np.random.default_rng(0)).targets
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    kind = one_of("loss", kind, LOSSES)
    if labels is None:
        K = width if classes is None else _classes(classes, width)
        if kind == "squared-error":
            return Loss(kind, generator.standard_normal((K, batch)) / math.sqrt(batch))
        return Loss(kind, one_hot(generator.integers(K, size=batch), K))
    raw = np.asarray(labels)
    if raw.ndim == 2 and kind == "squared-error":
        targets = finite_array("labels", raw, 2)
        if targets.shape[1] != batch or targets.shape[0] > width:
            raise ValueError(f"targets must have shape (K, {batch}) with K at most {width}, got {targets.shape}")
        return Loss(kind, targets)
    numbers = checked_labels(raw, batch)
    found = max(int(numbers.max()) + 1, min(2, width))
    if classes is None and found > width:
        raise ValueError(f"labels reach {found - 1}, but a network of width {width} has logits for 0..{width - 1}")
    K = found if classes is None else _classes(classes, width)
    if found > K and int(numbers.max()) >= K:
        raise ValueError(f"labels must lie in 0..{K - 1}, got {int(numbers.max())}")
    return Loss(kind, one_hot(numbers, K))


def checked_labels(labels: Any, batch: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return ``labels`` as non-negative whole numbers, one per sample."""
    raw = np.asarray(labels)
    if raw.ndim != 1 or raw.shape[0] != batch:
        raise ValueError(f"labels must be one per sample ({batch}), got an array of shape {raw.shape}")
    if raw.dtype.kind not in "biu" and not (raw.dtype.kind == "f" and bool((raw == np.floor(raw)).all())):
        raise TypeError(f"labels must be whole numbers, got dtype {raw.dtype}")
    numbers = raw.astype(np.int64)
    if (numbers < 0).any():
        raise ValueError(f"labels must be at least 0, got {int(numbers.min())} for sample {int(numbers.argmin())}")
    return numbers


def load_labels(path: Path) -> FloatArray:
    """Read class numbers (or, as a two-dimensional table, targets) from a ``.npy`` or ``.csv`` file."""
    if not path.is_file():
        raise ValueError(f"label file {path} does not exist")
    try:
        if path.suffix.lower() == ".npy":
            check_npy(path)
            raw = np.load(path, allow_pickle=False)
        else:
            if not path.read_bytes().strip():
                raise ValueError("it is empty")
            raw = np.loadtxt(path, delimiter=",", encoding="utf-8-sig")
    except (OSError, ValueError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"label file {path} cannot be read as numbers: {reason}") from None
    table = finite_array(f"label file {path}", raw)
    return table.ravel() if 1 in table.shape or table.ndim == 0 else table


def one_hot(labels: np.ndarray[Any, np.dtype[np.int64]], classes: int) -> FloatArray:
    """Return the ``K x n`` matrix with a 1 at ``(label_i, i)``."""
    targets = np.zeros((classes, labels.size))
    targets[labels, np.arange(labels.size)] = 1.0
    return targets


def _classes(classes: Any, width: int) -> int:
    count = integer("classes", classes, 1)
    if count > width:
        raise ValueError(f"classes must be at most the width {width}, got {count}: logits are rows of a square layer")
    return count


def labels_for(asked: Any, own: Any, label: str, width: int, classes: int | None = None, *, drawn: bool = False) -> Any:
    """Labels that were asked for, else those that come with the input; ``None`` for random ones.

    ``drawn`` says that the samples are some of a table, drawn at random: labels of one's own cannot be matched to them.
    """
    if drawn and asked is not None and not isinstance(asked, str):
        raise InputError(
            f"labels cannot be matched to samples that were drawn at random from input {label}: pass the samples that you "
            "mean and their labels"
        )
    if isinstance(asked, str):
        if asked != "random":
            raise ValueError(f"labels must be an array, None or 'random', got {asked!r}")
        return None
    if asked is not None or own is None:
        return asked
    if int(own.max()) >= width and classes is None:
        raise InputError(
            f"labels of input {label} reach {int(own.max())}, a network of width {width} has logits for "
            f"0..{width - 1}: take a width of at least {int(own.max()) + 1}, or random labels"
        )
    return own
