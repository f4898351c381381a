"""Real batches: Batches of images have full rank, though their images point in similar directions."""

import flint
import numpy as np

from isogap.verification import MissingError, UndecidedError, replace

SIZES, BATCHES = (10, 20, 30, 40), 50


def decide(case):
    """Ranks in integer arithmetic, of random batches and of all images; the mean cosine of all pairs of images in balls."""
    case.decides("==", "==", "==")
    images = _digits()
    same, whole, mean = case.claims
    generator = case.rng(0)
    rows = []
    for n in SIZES:
        ranks = [_rank(images[generator.choice(len(images), n, replace=False)]) for _ in range(BATCHES)]
        expected = same.right.exact(n=n)
        for rank in set(ranks):
            case.exact("rank of the batch", rank == expected, n=n, rank=rank)
        case.hypothesis(True)
        rows.append((n, BATCHES, min(ranks), max(ranks)))
    case.exact("rank of all images", _rank(images) == whole.right.exact(), found=_rank(images))
    cosine = _mean_cosine(images)
    found = mean.left.ball(round=_nearest, mean_cos=cosine)
    case.exact("mean cosine of two images, to three digits", bool(found == mean.right.ball()), cosine=cosine)
    with case.illustrations():
        twice = np.concatenate([images[:9], images[:1]])
        case.exact("a batch that holds an image twice is noticed", _rank(twice) == 9)
    case.table("rank of random batches of digits", ("images n", "batches", "least rank", "largest"), rows)


def _digits():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise MissingError('the images come with scikit-learn: pip install "isogap[data]"') from None
    return np.rint(load_digits().data).astype(np.int64)


def _mean_cosine(images):
    """Ball around ``(‖Σ x/‖x‖‖² - N)/(N (N-1))``."""
    total = [flint.arb(0)] * images.shape[1]
    for image in images.tolist():
        norm = flint.arb(sum(x * x for x in image)).sqrt()
        total = [t + x / norm if x else t for t, x in zip(total, image, strict=True)]
    count = len(images)
    return (sum((t * t for t in total), flint.arb(0)) - count) / (count * (count - 1))


def _nearest(x):
    """The whole number nearest to everything in a ball."""
    whole = (x + flint.arb(1) / 2).floor().unique_fmpz()
    if whole is None:
        raise UndecidedError(f"{x} lies between two whole numbers")
    return flint.arb(whole)


def _rank(images):
    return flint.fmpz_mat(images.tolist()).rank()


FALSE_NEIGHBOURS = {
    "one image of every batch depends on the others": replace("rank_batch == n", "rank_batch == n-1"),
    "all pixels are independent": replace("61", "64"),
    "images are nearly parallel": replace("688", "900"),
}


def test_real_batches(judgement):
    judgement()
