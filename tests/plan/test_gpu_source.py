"""The texts of kernels for GPUs, as people see them and as CuPy gets them."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.plan.gpu_kernels import KernelFunction
from flowgraph.plan.gpu_source import kernel_text
from flowgraph.program.c_expressions import literal
from tests.gpu.groups import kernels
from tests.program.passes.test_gpu_kernels import CLEAN, placeholder, trained


def source(group) -> str:
    """The text for people, with the lines of this file as L."""
    return re.sub(r"test_\w+\.py:\d+", "L", KernelFunction(group).source)


def check(group, expected: str) -> None:
    assert source(group) == textwrap.dedent(expected).strip()


def test_an_elementwise_group() -> None:
    x, b, scale = feeds = [placeholder("x"), placeholder("b", [6]), placeholder("scale", [])]
    (group,) = kernels(fg.tanh(x + b) * scale, feeds, host=[scale])
    check(group, """
        cupy.ElementwiseKernel(
            "float32 x, float32 b_1, float32 scale", "float32 mul", '''
            float add = x + b_1;                                  // add  L
            float Tanh = tanhf(add);                              // Tanh  L
            mul = Tanh * scale;                                   // mul  L
            ''', "add_v2_tanh_mul", options=('--fmad=false',))
    """)
    assert kernel_text(group)[:5] == (
        "elementwise", "add_v2_tanh_mul", "float32 x0, float32 x1, float32 x2", "float32 y0",
        "float v0 = x0 + x1;\nfloat v1 = tanhf(v0);\ny0 = v1 * x2;\n")


def test_several_results_are_written_when_all_is_read() -> None:
    x = placeholder("x")
    y = fg.exp(x, name="y")
    (group,) = kernels([y, fg.square(y, name="z") - x], [x])
    check(group, """
        cupy.ElementwiseKernel(
            "float32 x", "float32 y_out, float32 sub_out", '''
            float y = expf(x);                                    // y  L
            float z = y * y;                                      // z  L
            float sub = z - x;                                    // sub  L
            y_out = y;
            sub_out = sub;
            ''', "exp_square_sub", options=('--fmad=false',))
    """)


def test_halves_are_computed_as_floats_and_rounded_after_each_member() -> None:
    x = placeholder("x", dtype=fg.float16)
    (group,) = kernels(fg.exp(x * 0.1) + 1, [x])
    assert kernel_text(group).body == (
        "float16 v0 = float(x0) * 0.099975586f;\nfloat16 v1 = expf(float(v0));\n"
        "y0 = float(v1) + 1.0f;\n")
    assert kernel_text(group).preamble == "#include <cupy/float16.cuh>\n"


def test_a_reduction() -> None:
    x, y = feeds = [placeholder("x"), placeholder("y")]
    (group,) = kernels(fg.reduce_mean(fg.squared_difference(x, y), 1), feeds)
    check(group, """
        cupy.ReductionKernel(
            "float32 x, float32 y", "float32 result", "value_of(x, y)", "a + b", "result = a / float(_in_ind.size() / _out_ind.size())",
            "0", "squared_difference_mean", reduce_type="float", options=('--fmad=false',), preamble='''
            __device__ float value_of(float x, float y) {
                float SquaredDifference = (x - y) * (x - y);          // SquaredDifference  L
                return SquaredDifference;
            }
            // and of these: Mean  L
            ''')
    """)  # noqa: E501


def test_several_tensors() -> None:
    step, x = trained(fg.train.GradientDescentOptimizer(0.5))
    group = kernels(step, [x], passes=CLEAN)[-1]
    text = str(kernel_text(group))
    assert text == textwrap.dedent("""
        cupy.RawKernel('''
        struct Tensors {
            const float* x0[4];
            const float* x1[4];
            float* y0[4];
            long long size[4];
            int end[4];  // the first block of the next one
        };

        extern "C" __global__ void mul_assign_sub(const Tensors t) {
            int k = 0;  // which one this block is for
            while ((int)blockIdx.x >= t.end[k]) ++k;
            const long long block = (int)blockIdx.x - (k ? t.end[k - 1] : 0);
            for (int j = 0; j < 4; ++j) {
                const long long i = block * 1024 + j * 256 + threadIdx.x;
                if (i < t.size[k]) {
                    const float x0 = t.x0[k][i];
                    const float x1 = t.x1[k][i];
                    float v0 = x0 * 0.5f;
                    float v1 = x1 - v0;
                    t.y0[k][i] = v1;
                }
            }
        }
        ''', "mul_assign_sub", options=('--fmad=false',))
    """).strip()


def test_groups_that_compute_the_same_are_one_text() -> None:
    x, y = placeholder("x"), placeholder("y", [3, 3, 3])
    first, second = kernels([fg.exp(fg.tanh(x)), fg.exp(fg.tanh(y))], [x, y])
    assert first.shape != second.shape
    assert kernel_text(first) == kernel_text(second)


def test_names_that_mean_something_to_c_are_not_taken() -> None:
    names = ["exp", "float", "i", "threadIdx", "tanhf", "result", "Tensors", "9lives", "_x"]
    feeds = [fg.placeholder(fg.float32, [2], name=f"s/{name}") if name[0] not in "9_" else
             fg.placeholder(fg.float32, [2], name=f"s/v{name}") for name in names]
    (group,) = kernels(fg.add_n(feeds) * 2, feeds)
    text = kernel_text(group, for_people=True)
    given = [part.split()[1] for part in text.inputs.split(", ")]
    assert len(set(given)) == len(names)
    assert not {"exp", "float", "i", "threadIdx", "tanhf", "result", "Tensors"} & set(given)


def test_comments_cannot_end_a_text() -> None:
    x = placeholder("x")
    (group,) = kernels(fg.exp(fg.tanh(x)), [x])
    origin = group.members[0].origins[0]

    class Strange:
        name, frame = "tanh'''\n\\", origin.frame

    group.members[0].origins = (Strange(),)
    text = KernelFunction(group).source
    assert text.count("'''") == 2
    assert "\\\n" not in text


@pytest.mark.parametrize(("dtype", "number", "text"), [
    ("float32", 0.1, "0.1f"), ("float64", 0.1, "0.1"), ("float32", 1e-8, "1e-08f"),
    ("float32", -2, "(-2.0f)"), ("float64", np.inf, "INFINITY"),
    ("float32", -np.inf, "(-INFINITY)"), ("float32", np.nan, "NAN"),
    ("bool", True, "true"), ("int32", -5, "(-5)"),
    ("int32", -2**31, "(-2147483647 - 1)"), ("int64", -2**63, "(-9223372036854775807ll - 1)"),
    ("uint64", 2**64 - 1, "18446744073709551615ull"), ("int8", -128, "(-127 - 1)"),
    ("float32", 3.4028235e38, "3.4028235e+38f"), ("float16", 0.1, "0.099975586f")])
def test_numbers_in_c(dtype: str, number, text: str) -> None:
    assert literal(np.array(number, dtype), fg.as_dtype(dtype)) == text


def test_no_double_is_computed_with_where_all_is_float() -> None:
    x = placeholder("x")
    y = fg.nn.elu(fg.nn.selu(fg.nn.leaky_relu(fg.nn.softplus(x)))) + fg.sign(x) * fg.sigmoid(x)
    (group,) = kernels(fg.gradients(y, x)[0] * fg.floormod(x, 2.5) + y, [x], passes=CLEAN)
    text = kernel_text(group)
    assert not re.findall(r"\b\d+\.\d*(?:e[-+]?\d+)?(?![\dfe])", text.body + text.preamble)
    assert "double" not in text.body + text.preamble
