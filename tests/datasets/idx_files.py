"""The arrays of small files of MNIST."""

from __future__ import annotations

import numpy as np

RANDOM = np.random.RandomState(0)
ARRAYS = {"train-images-idx3-ubyte": RANDOM.randint(0, 256, (60, 28, 28)).astype(np.uint8),
          "train-labels-idx1-ubyte": np.tile(np.arange(10, dtype=np.uint8), 6),
          "t10k-images-idx3-ubyte": RANDOM.randint(0, 256, (20, 28, 28)).astype(np.uint8),
          "t10k-labels-idx1-ubyte": np.tile(np.arange(10, dtype=np.uint8), 2)}
