"""Cases of images that went through a JPEG file."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.testing import BadCase, Case

RAMP = np.repeat(np.linspace(0, 1, 16, dtype=np.float32)[None, :, None], 8, axis=0)
GREY = np.full((8, 8, 3), 100, np.uint8)


def close_to_the_ramp(results):
    (result,) = results
    assert result.shape == RAMP.shape
    assert 0 < abs(result - RAMP).max() < 0.1


CASES = [
    Case("EncodeJpegVariableQuality/grey", lambda x: fg.image.adjust_jpeg_quality(x, 90), (GREY,),
         GREY),
    Case("EncodeJpegVariableQuality/float", lambda x, quality: fg.image.adjust_jpeg_quality(
        x, quality), (RAMP, np.int32(60)), check=close_to_the_ramp),
]

BAD = [
    BadCase("EncodeJpegVariableQuality/quality", lambda quality: fg.image.adjust_jpeg_quality(
        GREY, quality), InvalidArgumentError, ("[0,100]",), (np.int32(101),), "run"),
    BadCase("EncodeJpegVariableQuality/rank", lambda: fg.image.adjust_jpeg_quality(
        GREY[0], 50), ValueError, ("rank 3",)),
    BadCase("random_jpeg_quality/range", lambda: fg.image.random_jpeg_quality(GREY, 50, 101),
            ValueError, ("0 and 100",)),
    BadCase("random_jpeg_quality/order", lambda: fg.image.random_jpeg_quality(GREY, 50, 50),
            ValueError, ("below",)),
]
