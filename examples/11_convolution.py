"""Convolution by hand: edges of a photo, padding, stride, channels, pooling.

You learn what a convolution computes, written as four loops beside `tf.nn.conv2d`; that a kernel of
a few numbers finds edges; how padding and stride change the size of what comes out,
    VALID: ceil((n - k + 1) / stride),    SAME: ceil(n / stride);
that several channels are added up; what pooling keeps. A photo and its edges teach the kernel.

Data: a photo of a Chinese palace, 427 x 640, that comes with the examples. Prints a table of sizes
and the learnt kernel. Writes convolution_edges.png and convolution_graph.svg.

    python examples/11_convolution.py
"""

import argparse
from pathlib import Path

import numpy as np

import flowgraph as fg

PHOTO = Path(__file__).parent / "data" / "china.jpg"
assert PHOTO.exists(), f"{PHOTO} is missing: copy examples/data of the repository along"
SOBEL_X = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)  # dark to light, left to right


def by_hand(image, kernel, stride=1):
    """VALID convolution of (height, width, channels) with (k, k, channels, filters), in loops."""
    k = len(kernel)
    height, width = ((n - k) // stride + 1 for n in image.shape[:2])
    result = np.zeros([height, width, kernel.shape[3]])
    for row in range(height):
        for column in range(width):
            top, left = row * stride, column * stride
            window = image[top:top + k, left:left + k]  # all its channels
            for one in range(kernel.shape[3]):
                result[row, column, one] = np.sum(window * kernel[..., one])
    return result


def compare(image):
    """By how much the loops differ from `tf.nn.conv2d`, three channels in and two out."""
    kernel = np.random.RandomState(0).normal(size=[3, 3, 3, 2])
    with fg.Graph().as_default(), fg.Session() as session:
        from_graph = session.run(fg.nn.conv2d(image[None], kernel, [1, 2, 2, 1], "VALID"))[0]
    return np.abs(from_graph - by_hand(image, kernel, stride=2)).max()


def check_sizes():
    """Compares the formulas with what the graph infers; returns how many of how many agree."""
    agree = total = 0
    print("  n  k  stride   VALID  SAME")
    with fg.Graph().as_default():
        for n in (7, 28, 32, 227):
            for k in (1, 3, 5):
                for stride in (1, 2, 4):
                    x, kernel = fg.zeros([1, n, n, 1]), fg.zeros([k, k, 1, 1])
                    found = [fg.nn.conv2d(x, kernel, [1, stride, stride, 1], padding).shape[1].value
                             for padding in ("VALID", "SAME")]
                    formulas = [-(-(n - k + 1) // stride), -(-n // stride)]
                    agree += found == formulas
                    total += 1
                    if k == 5:
                        print(f"{n:3} {k:2} {stride:5} {found[0]:8} {found[1]:6}")
    return 100 * agree / total


def build(height, width):
    """Photo to grey, to edges, to pooled edges; the ops stand in one scope per idea."""
    photo = fg.placeholder(fg.float32, [1, height, width, 3], name="photo")
    with fg.name_scope("grey"):
        grey = fg.reduce_mean(photo, axis=3, keepdims=True)
    with fg.name_scope("edges"):
        both = np.stack([SOBEL_X, SOBEL_X.T], axis=-1)[:, :, None]  # (3, 3, 1 channel, 2 filters)
        across, down = fg.unstack(fg.nn.conv2d(grey, both, [1, 1, 1, 1], "VALID"), axis=3)
        strength = fg.sqrt(fg.square(across) + fg.square(down))[..., None]
    with fg.name_scope("pooling"):
        strongest = fg.nn.max_pool(strength, [1, 8, 8, 1], [1, 8, 8, 1], "SAME")
        mean = fg.nn.avg_pool(strength, [1, 8, 8, 1], [1, 8, 8, 1], "SAME")
    return photo, grey, across, down, strength, strongest, mean


def learn_kernel(grey, edges, steps):
    """Gradient descent finds the kernel that made `edges` of `grey`."""
    with fg.Graph().as_default(), fg.Session() as session:
        kernel = fg.Variable(fg.zeros([3, 3, 1, 1]), name="kernel")
        error = fg.nn.conv2d(grey, kernel, [1, 1, 1, 1], "VALID")[..., 0] - edges
        loss = fg.reduce_mean(fg.square(error))
        step = fg.train.AdamOptimizer(0.1).minimize(loss)
        session.run(fg.global_variables_initializer())
        for _ in range(steps):
            session.run(step)
        return session.run(kernel)[:, :, 0, 0]


def draw_graph(path):
    try:
        print("Wrote", fg.get_default_graph().render(path))
    except fg.errors.MissingDependencyError as problem:
        print("No picture:", problem)


def draw_edges(path, panels):
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("No picture of the edges: python -m pip install matplotlib")
        return
    figure, axes = plt.subplots(2, 3, figsize=(9, 4.7), layout="constrained")
    for axis, (title, image) in zip(axes.ravel(), panels.items(), strict=True):
        image = np.squeeze(image)
        size, signed = image.shape[:2], image.min() < 0
        if size[0] > 100:  # every fourth pixel in a few shades: a small file
            shades = 8 if image.ndim == 3 else 2
            image = np.round(image[::4, ::4] * shades) / shades
        axis.imshow(image, cmap="coolwarm" if signed else "gray", vmin=-1.5 if signed else 0,
                    vmax=1.5 if signed or image.max() > 1 else None, interpolation="nearest")
        axis.set_title(f"{title}\n{size[0]} × {size[1]}", fontsize="medium")
        axis.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=80, pil_kwargs={"optimize": True})
    print("Wrote", path)


def main():
    parser = argparse.ArgumentParser(description="Convolution by hand.")
    parser.add_argument("--short", action="store_true", help="fewer steps for the learnt kernel")
    options = parser.parse_args()
    with fg.Graph().as_default(), fg.Session() as session:
        image = session.run(fg.image.decode_jpeg(fg.read_file(str(PHOTO)))) / np.float32(255)
    difference = compare(image[:40, :60].astype(np.float64))
    agree = check_sizes()

    photo, *results = build(*image.shape[:2])
    with fg.Session() as session:
        grey, across, down, strength, strongest, mean = session.run(results, {photo: image[None]})
    kernel = learn_kernel(grey[:, 100:300, 100:300], across[:, 100:298, 100:298],
                          20 if options.short else 500)
    print(f"The learnt kernel:\n{kernel.round(3)}")
    print(f"result: loops and conv2d differ by at most = {difference:.1e}")
    print(f"result: sizes that the formulas tell right = {agree:.0f} %")
    print(f"result: largest error of the learnt kernel = {np.abs(kernel - SOBEL_X).max():.4f}")
    draw_edges("convolution_edges.png", {
        "the photo": image, "vertical edges (Sobel)": across, "horizontal edges": down,
        "strength of all edges": strength, "max pooling, 8 × 8": strongest,
        "average pooling, 8 × 8": mean})
    draw_graph("convolution_graph.svg")


if __name__ == "__main__":
    main()
