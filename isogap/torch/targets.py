"""What is derived: a loss of the module's output with labels that are given or drawn, or a random gradient at the output."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as nnf

from isogap.base.arguments import one_of

__all__ = ["LOSSES", "Target"]

LOSSES = ("cross-entropy", "squared-error", "white")


class Target:
    """A loss, made when the first output is seen, the same for every network of a check.

    Parameters
    ----------
    loss : str, callable or None
        ``"cross-entropy"`` (mean over the samples), ``"squared-error"`` (``‖Z - T‖²/2n``), ``"white"`` (a gradient of independent
        normals at the output, over n), or a function of output and labels. Default: cross-entropy where the output has shape
        ``(n, K)`` with K ≥ 2, else white.
    labels : array_like, Tensor or None
        Whole numbers in 0..K-1 for cross-entropy, targets of the output's shape for the squared error. ``None``: drawn.
    samples : int
    generator : Generator
        For what is drawn.

    Attributes
    ----------
    name : str
        What was derived, in words.
    """

    def __init__(self, loss: Any, labels: Any, samples: int, generator: np.random.Generator) -> None:
        if loss is not None and not callable(loss):
            one_of("loss", loss, LOSSES)
        self.loss, self.labels, self.samples, self.generator = loss, labels, samples, generator
        self.name = ""
        self._drawn: Any = None
        if (labels is not None and loss is None) or loss == "cross-entropy":
            self.loss = "cross-entropy"

    def __call__(self, output: Any) -> Any:
        """Return the loss of an output, a tensor of one number."""
        if callable(self.loss):
            return self._own(output)
        if not isinstance(output, torch.Tensor):
            raise TypeError(
                f"the module returns a {type(output).__name__}; pass loss=, a function of it and the labels: "
                "loss=lambda output, labels: torch.nn.functional.cross_entropy(output[0], labels)"
            )
        kind = self.loss or ("cross-entropy" if _logits(output) else "white")
        return {"cross-entropy": self._cross_entropy, "squared-error": self._squared_error, "white": self._white}[kind](
            output
        )

    def _own(self, output: Any) -> Any:
        labels = self.labels
        if labels is not None and not isinstance(labels, torch.Tensor):
            labels = torch.as_tensor(np.asarray(labels))
        self.name = f"loss {getattr(self.loss, '__name__', type(self.loss).__name__)}"
        value = self.loss(output, labels)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            raise TypeError(f"loss must return a tensor of one number, got {type(value).__name__}")
        return value.reshape(())

    def _cross_entropy(self, output: Any) -> Any:
        if output.is_complex() or output.dim() < 2 or output.shape[1] < 2:
            raise ValueError(
                f"cross-entropy needs real outputs of shape (n, K, ...) with K at least 2, got {tuple(output.shape)}; "
                "loss= takes 'squared-error', 'white' or a function of your own"
            )
        shape = (output.shape[0], *output.shape[2:])
        if self._drawn is None:
            given = self.labels is not None
            found = self.labels if given else self.generator.integers(0, output.shape[1], shape)
            self._drawn = _labels(found, output.shape[1], shape)
            self.name = f"cross-entropy with {'the labels given' if given else 'random labels'}"
        return nnf.cross_entropy(output, self._drawn.to(output.device))

    def _squared_error(self, output: Any) -> Any:
        if self._drawn is None:
            given = self.labels is not None
            found = self.labels if given else self.generator.standard_normal(tuple(output.shape))
            found = found.detach() if isinstance(found, torch.Tensor) else torch.as_tensor(np.asarray(found))
            if found.shape != output.shape:
                shapes = f"{tuple(output.shape)}, got {tuple(found.shape)}"
                raise ValueError(f"labels of a squared error have the shape of the output, {shapes}")
            self._drawn = found
            self.name = f"squared error with {'the targets given' if given else 'random targets'}"
        difference = output - self._drawn.to(output.device, output.dtype)
        return (difference * difference.conj()).real.sum() / (2 * self.samples)

    def _white(self, output: Any) -> Any:
        if self._drawn is None:
            self._drawn = torch.as_tensor(self.generator.standard_normal(tuple(output.shape)))
            self.name = f"a random gradient at the output, shape {tuple(output.shape)}"
        return (output * self._drawn.to(output.device, output.dtype)).real.sum() / self.samples


def _logits(output: Any) -> bool:
    return output.dim() == 2 and output.shape[1] >= 2 and not output.is_complex()


def _labels(labels: Any, classes: int, shape: tuple[int, ...]) -> Any:
    found = labels.detach().cpu() if isinstance(labels, torch.Tensor) else torch.as_tensor(np.asarray(labels))
    if tuple(found.shape) != shape:
        raise ValueError(f"labels must have shape {shape}, one a sample, got {tuple(found.shape)}")
    whole = found.to(torch.int64)
    if found.is_complex() or not bool((whole == found).all()):
        raise ValueError(
            "labels of cross-entropy are whole numbers: the classes; loss='squared-error' takes other targets"
        )
    if whole.numel() and not 0 <= int(whole.min()) <= int(whole.max()) < classes:
        raise ValueError(
            f"labels must lie in 0..{classes - 1}, the module's outputs, got {int(whole.min())}..{int(whole.max())}"
        )
    return whole
