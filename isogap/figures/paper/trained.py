"""Networks that are trained for figures 4, 6, F1, F2 and G1 to G4, shared between them through their checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isogap.batch.datasets import Dataset, DatasetError, MissingDataError, load_dataset
from isogap.engine.networks.training import History, Training, train_seeds
from isogap.figures.product import Settings
from isogap.model.variant import Variant

RATE, BATCH, EXPONENT = 0.001, 100, 0.4
MARKS, LOOKED_AT = 10, 2000

Cases = list[tuple[str, dict[str, Any]]]
Runs = dict[str, list[History]]


def data_of(settings: Settings) -> Dataset:
    """The first of CIFAR-10, MNIST, Fashion-MNIST, other IDX files that the data folder holds; the digits without a folder."""
    if settings.data is None:
        return load_dataset("digits")
    names = ("cifar10", "mnist", "fashion-mnist", "idx")
    for name in names:
        try:
            return load_dataset(name, settings.data)
        except MissingDataError:
            continue
    raise DatasetError(f"data folder {settings.data} holds none of {', '.join(names)}")


def depths_of(settings: Settings) -> tuple[int, ...]:
    """The paper's depths, or smaller ones."""
    return settings.pick((10, 50, 100), (100, 500, 1000))


def width_of(data: Dataset) -> int:
    """The paper's 100, but 32 for digits: of 64 pixels a batch cannot have rank 100, and the theorem asks for full rank."""
    return 100 if data.features >= 100 else 32


def epochs_of(settings: Settings, data: Dataset) -> int:
    """Passes over the data: the paper's 20 of 600 steps; of the digits, 14 steps, more; at the quick scale fewer."""
    if data.name == "digits":
        return settings.pick(30, 60)
    return settings.pick(max(1, round(1200 * BATCH / len(data.train_images))), 20)


def _looks(settings: Settings, data: Dataset) -> dict[str, Any]:
    """Where a few epochs are all there is, the curves have ten entries an epoch, accuracies on a part of the images."""
    if epochs_of(settings, data) >= 10:
        return {"record": settings.pick(1, 2)}
    return {"marks": MARKS, "looked_at": LOOKED_AT}


def run_of(settings: Settings, data: Dataset, depth: int, **options: Any) -> list[History]:
    """The histories of the runs of one case, trained or found finished."""
    width = width_of(data)
    variant = Variant(width, depth, batch=BATCH, root_n=True, **options)
    job = Training(variant, epochs=epochs_of(settings, data), rate=RATE, **_looks(settings, data))
    runs = settings.pick(3, 10)
    path = None
    if settings.work is not None:
        settings.work.mkdir(parents=True, exist_ok=True)
        words = [variant.activation.name, variant.weights, f"d{width}", f"L{depth}", f"p{variant.exponent:g}"]
        words += [f"s{settings.seed}", f"r{job.record}", f"m{job.marks}", f"x{runs}"]
        path = settings.work / ("-".join([data.name, *words]) + ".pt")
    roots = [settings.root(70, run) for run in range(runs)]
    histories = train_seeds(job, data, rngs=roots, checkpoint=path, progress=settings.progress)
    settings.spent.append(histories[0].seconds)
    return histories


def curves_of(settings: Settings, cases: Cases) -> tuple[Dataset, Runs]:
    """The data set, and the histories of all cases by their labels."""
    data = data_of(settings)
    return data, {label: run_of(settings, data, **options) for label, options in cases}


def by_depth(settings: Settings, *activations: str) -> Cases:
    """A case an activation and depth; gains are shaped where the activation is not the identity."""
    cases = []
    for name in activations:
        shaped = {} if name == "identity" else {"activation": name, "exponent": EXPONENT}
        for depth in depths_of(settings):
            prefix = "" if len(activations) == 1 else f"{name}, "
            cases.append((f"{prefix}depth {depth}", {"depth": depth, **shaped}))
    return cases


def setting(settings: Settings, data: Dataset, runs: Runs) -> str:
    """The words that say what was trained."""
    some = next(iter(runs.values()))
    return (
        f"{data.title}, width {width_of(data)}, batch {BATCH}, SGD with rate {RATE:g}, {len(some)} runs, "
        f"{max(run.epoch for case in runs.values() for run in case)} epochs"
    )


def looked_at(runs: Runs) -> str:
    """Words on the accuracies, where they are not those of all images."""
    several = max(run.marks for some in runs.values() for run in some) > 1
    return f"; accuracies on the first {LOOKED_AT} images" if several else ""


def recorded(run: History) -> list[float]:
    """The epochs at which the weights and the gradients were looked at."""
    return [float(run.times[entry]) for entry in run.recorded]


def finished(runs: Runs) -> Runs:
    """Leave out what diverged: those runs have no weights at the later epochs."""
    kept = {label: [run for run in some if run.diverged is None] for label, some in runs.items()}
    gone = [label for label, some in kept.items() if not some]
    if gone:
        raise ValueError(f"every run diverged: {', '.join(gone)}")
    return kept


def diverged(some: Sequence[History]) -> str:
    """Words on the runs of one case whose loss stopped being finite; none if there are none."""
    epochs = [run.diverged for run in some if run.diverged is not None]
    if not epochs:
        return ""
    many = "all" if len(epochs) == len(some) else f"{len(epochs)} of {len(some)}"
    return f"{many} beyond float32 in epoch {min(epochs)}" + (f" to {max(epochs)}" if max(epochs) > min(epochs) else "")
