"""The 8 x 8 handwritten digits that come with scikit-learn (1797 images)."""

from __future__ import annotations

import numpy as np

from isogap.batch.datasets._common import Dataset, DatasetError

TEST_SHARE = 5


def load_digits() -> Dataset:
    """Load the digits; every fifth image is for testing.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.train_images.shape, digits.test_images.shape, digits.classes
    ((1437, 64), (360, 64), 10)
    """
    try:
        from sklearn.datasets import load_digits as load
    except ImportError:
        raise DatasetError('data set digits needs scikit-learn: pip install "isogap[data]"') from None
    bunch = load()
    images, labels = np.asarray(bunch.data, dtype=np.float64) / 16.0, np.asarray(bunch.target, dtype=np.int64)
    test = np.arange(labels.size) % TEST_SHARE == TEST_SHARE - 1
    # 1797 = 5 · 359 + 2: the last incomplete five has no test image, so one training image makes 360 and 1437.
    test[-1] = True
    return Dataset("digits", images[~test], labels[~test], images[test], labels[test], 10)
