"""Kernels of GPUs for ops that work on whole rows: one block of threads for each row.

CuPy would go over the memory once for the maximum, once for the sum, and two or three times more,
each time with a launch; a block reads its row two or three times, from the cache, in one launch.
"""

from __future__ import annotations

from flowgraph.program.c_expressions import C_TYPES, defines
from flowgraph.program.ir import Instr

MOST_THREADS = 512  # of a block

# Sums and maxima over the threads of a block, in memory that they share. T is the type; all threads
# get the result.
_OVER_BLOCK = """\
__device__ T over_block(T value, T* shared, bool is_sum) {
    const int thread = threadIdx.x;
    __syncthreads();
    shared[thread] = value;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (thread < half) {
            const T other = shared[thread + half], mine = shared[thread];
            shared[thread] = is_sum ? mine + other : mine != mine || mine > other ? mine : other;
        }
        __syncthreads();
    }
    return shared[0];
}

"""
_MAXIMUM_AND_SUM = """\
    extern __shared__ __align__(16) char memory[];
    T* shared = (T*)memory;
    const T* row = features + (long long)blockIdx.x * columns;
    T largest = -INFINITY;
    for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        const T x = row[i];
        largest = x != x || x > largest ? x : largest;
    }
    largest = over_block(largest, shared, false);
    T sum = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x) sum += exp(row[i] - largest);
    sum = over_block(sum, shared, true);
"""
_SIGNATURES = {
    "Softmax": "const T* features, T* result, const int columns",
    "LogSoftmax": "const T* features, T* result, const int columns",
    "SoftmaxCrossEntropyWithLogits":
        "const T* features, const T* labels, T* loss, T* backprop, const int columns",
    "SparseSoftmaxCrossEntropyWithLogits":
        "const T* features, const L* labels, T* loss, T* backprop, const int columns",
}
_ENDS = {
    "Softmax": """\
    T* to = result + (long long)blockIdx.x * columns;
    for (int i = threadIdx.x; i < columns; i += blockDim.x) to[i] = exp(row[i] - largest) / sum;
""",
    "LogSoftmax": """\
    T* to = result + (long long)blockIdx.x * columns;
    const T log_of_sum = log(sum);
    for (int i = threadIdx.x; i < columns; i += blockDim.x) to[i] = row[i] - largest - log_of_sum;
""",
    "SoftmaxCrossEntropyWithLogits": """\
    const T* label = labels + (long long)blockIdx.x * columns;
    T* to = backprop + (long long)blockIdx.x * columns;
    const T log_of_sum = log(sum);
    T part = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        const T shifted = row[i] - largest;
        part += label[i] * (log_of_sum - shifted);
        to[i] = exp(shifted) / sum - label[i];
    }
    part = over_block(part, shared, true);
    if (threadIdx.x == 0) loss[blockIdx.x] = part;
""",
    "SparseSoftmaxCrossEntropyWithLogits": """\
    T* to = backprop + (long long)blockIdx.x * columns;
    const long long label = labels[blockIdx.x];
    const bool is_class = label >= 0 && label < columns;  // else NaN: the host does not wait for it
    for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        const T y = exp(row[i] - largest) / sum;
        to[i] = is_class ? i == label ? y - 1 : y : NAN;
    }
    if (threadIdx.x == 0) loss[blockIdx.x] = is_class ? log(sum) - (row[label] - largest) : NAN;
""",
}


def row_kernel(instr: Instr) -> tuple[str, str]:
    """The name of a kernel for an op that works on rows, and its text."""
    kind = instr.op_def.type
    c_type = C_TYPES[instr.inputs[0].spec.dtype.name]  # type: ignore[union-attr]
    types = f"typedef {c_type} T;\n"
    name = {"Softmax": "softmax", "LogSoftmax": "log_softmax",
            "SoftmaxCrossEntropyWithLogits": "softmax_cross_entropy",
            "SparseSoftmaxCrossEntropyWithLogits": "sparse_softmax_cross_entropy"}[kind] + "_rows"
    if "L*" in _SIGNATURES[kind]:
        types += f"typedef {C_TYPES[instr.inputs[1].spec.dtype.name]} L;\n"  # type: ignore[union-attr]
    body = f"{_MAXIMUM_AND_SUM}{_ENDS[kind]}"
    return name, (f'{defines(body)}{types}\n{_OVER_BLOCK}extern "C" __global__ void {name}('
                  f"{_SIGNATURES[kind]}) {{\n{body}}}\n")
