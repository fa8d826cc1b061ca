"""`tf.image`: images."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.ops.combined_nms import combined_non_max_suppression
from flowgraph.ops.crop_and_resize import crop_and_resize
from flowgraph.ops.distorted_box import sample_distorted_bounding_box
from flowgraph.ops.draw_boxes import draw_bounding_boxes
from flowgraph.ops.glimpse import extract_glimpse
from flowgraph.ops.image_adjust import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    per_image_standardization,
    random_brightness,
    random_contrast,
    random_hue,
    random_saturation,
)
from flowgraph.ops.image_codecs import (
    decode_and_crop_jpeg,
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
    extract_jpeg_shape,
    is_jpeg,
)
from flowgraph.ops.image_color import (
    grayscale_to_rgb,
    hsv_to_rgb,
    rgb_to_grayscale,
    rgb_to_hsv,
    rgb_to_yiq,
    rgb_to_yuv,
    yiq_to_rgb,
    yuv_to_rgb,
)
from flowgraph.ops.image_crop import (
    central_crop,
    crop_to_bounding_box,
    pad_to_bounding_box,
    resize_image_with_crop_or_pad,
)
from flowgraph.ops.image_crop import resize_image_with_crop_or_pad as resize_with_crop_or_pad
from flowgraph.ops.image_dtype import convert_image_dtype
from flowgraph.ops.image_fit import ResizeMethod, resize_image_with_pad, resize_images
from flowgraph.ops.image_fit import resize_images as resize
from flowgraph.ops.image_flip import (
    flip_left_right,
    flip_up_down,
    random_flip_left_right,
    random_flip_up_down,
    rot90,
    transpose_image,
)
from flowgraph.ops.image_flip import transpose_image as transpose
from flowgraph.ops.image_jpeg import adjust_jpeg_quality, random_jpeg_quality
from flowgraph.ops.image_metrics import (
    image_gradients,
    psnr,
    sobel_edges,
    ssim,
    ssim_multiscale,
    total_variation,
)
from flowgraph.ops.image_resize import (
    resize_area,
    resize_bicubic,
    resize_bilinear,
    resize_nearest_neighbor,
)
from flowgraph.ops.non_max_suppression import (
    non_max_suppression,
    non_max_suppression_overlaps,
    non_max_suppression_padded,
    non_max_suppression_with_scores,
)
from flowgraph.ops.patches import extract_image_patches, extract_patches
from flowgraph.ops.random_crop import random_crop

__getattr__ = _lazy("tf.image", globals())
