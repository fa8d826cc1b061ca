"""One step of contrib's cells in plain NumPy, from their papers' equations; rows by rows."""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def normalized(x, gamma, beta):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True)) * gamma + beta


def lstm(gates, c, forget_bias=1.0):
    """(c, h) from the gates' inputs in the order i, j, f, o."""
    i, j, f, o = np.split(gates, 4, 1)
    c = sigmoid(f + forget_bias) * c + sigmoid(i) * np.tanh(j)
    return c, sigmoid(o) * np.tanh(c)


def block_lstm(x, state, kernel, bias, w_i=0.0, w_f=0.0, w_o=0.0, clip=np.inf):
    c, h = state
    i, j, f, o = np.split(np.hstack([x, h]) @ kernel + bias, 4, 1)
    new_c = sigmoid(f + 1 + w_f * c) * c + sigmoid(i + w_i * c) * np.tanh(j)
    new_c = np.clip(new_c, -clip, clip)
    new_h = sigmoid(o + w_o * new_c) * np.tanh(new_c)
    return new_h, (new_c, new_h)


def block_gru(x, h, w_ru, b_ru, w_c, b_c):
    r, u = np.split(sigmoid(np.hstack([x, h]) @ w_ru + b_ru), 2, 1)
    c = np.tanh(np.hstack([x, h * r]) @ w_c + b_c)
    new = u * h + (1 - u) * c
    return new, new


def layer_norm_lstm(x, state, kernel, *norms):
    """norms: gamma and beta of input, transform, forget, output, state."""
    c, h = state
    parts = np.split(np.hstack([x, h]) @ kernel, 4, 1)
    i, j, f, o = (normalized(part, norms[2 * k], norms[2 * k + 1]) for k, part in enumerate(parts))
    new_c = normalized(c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j), *norms[8:])
    new_h = np.tanh(new_c) * sigmoid(o)
    return new_h, (new_c, new_h)


def coupled(x, state, kernel, bias, w_f=0.0, w_o=0.0):
    c, h = state
    j, f, o = np.split(np.hstack([x, h]) @ kernel + bias, 3, 1)
    forget = sigmoid(f + 1 + w_f * c)
    new_c = forget * c + (1 - forget) * np.tanh(j)
    new_h = sigmoid(o + w_o * new_c) * np.tanh(new_c)
    return new_h, (new_c, new_h)


def ugrnn(x, h, kernel, bias):
    g, c = np.split(np.hstack([x, h]) @ kernel + bias, 2, 1)
    g = sigmoid(g + 1)
    new = g * h + (1 - g) * np.tanh(c)
    return new, new


def intersection(x, h, in_kernel, in_bias, kernel, bias):
    x = x @ in_kernel + in_bias
    gh, h_new, gy, y = np.split(np.hstack([x, h]) @ kernel + bias, 4, 1)
    gh, gy = sigmoid(gh + 1), sigmoid(gy + 1)
    return gy * x + (1 - gy) * np.maximum(y, 0), gh * h + (1 - gh) * np.tanh(h_new)


def sru(x, c, kernel, bias):
    x_bar, f, r, x_t = np.split(x @ kernel, 4, 1)
    f, r = np.split(sigmoid(np.hstack([f, r]) + bias), 2, 1)
    new_c = f * c + (1 - f) * x_bar
    return r * np.tanh(new_c) + (1 - r) * x_t, new_c


def nas(x, state, recurrent, kernel, bias):
    c, h = state
    a, b = np.split(h @ recurrent + bias, 8, 1), np.split(x @ kernel, 8, 1)
    s, t, r = sigmoid, np.tanh, lambda v: np.maximum(v, 0)
    one = t(s(a[0] + b[0]) * r(a[1] + b[1]))
    two = t(s(a[2] + b[2]) + r(a[3] * b[3]))
    three = t(t(a[4] + b[4]) * s(a[5] + b[5]))
    four = s(t(a[6] + b[6]) + s(a[7] + b[7]))
    new_c = t(one + c) * two
    new_h = t(new_c * t(three + four))
    return new_h, (new_c, new_h)


def ind_rnn(x, h, w, u, b):
    new = np.tanh(x @ w + h * u + b)
    return new, new


def indy_gru(x, h, w, u, b, w_c, u_c, b_c):
    r, z = np.split(sigmoid(x @ w + np.hstack([h, h]) * u + b), 2, 1)
    c = np.tanh(x @ w_c + r * h * u_c + b_c)
    new = z * h + (1 - z) * c
    return new, new


def indy_lstm(x, state, w, u, b):
    c, h = lstm(x @ w + np.hstack([state[1]] * 4) * u + b, state[0])
    return h, (c, h)


def group_lstm(x, state, kernel_0, kernel_1, *biases):
    c, h = state
    halves = [np.hstack([a, b]) for a, b in zip(np.split(x, 2, 1), np.split(h, 2, 1), strict=True)]
    parts = [np.split(part @ kernel, 4, 1)
             for part, kernel in zip(halves, (kernel_0, kernel_1), strict=True)]
    gates = [np.hstack(pair) + b for pair, b in zip(zip(*parts, strict=True), biases, strict=True)]
    new_c, new_h = lstm(np.hstack(gates), c)
    return new_h, (new_c, new_h)


def attention_cell(x, state, kernel, bias, w_ru, b_ru, w_c, b_c, attn_w, attn_v, query_kernel,
                   query_bias, out_kernel, out_bias):
    """A GRU with attention to its last outputs."""
    h, attention, outputs = state
    outputs = outputs.reshape(len(x), -1, attention.shape[1])
    output, new_h = block_gru(np.hstack([x, attention]) @ kernel + bias, h, w_ru, b_ru, w_c, b_c)
    keys, query = outputs @ attn_w[0, 0], new_h @ query_kernel + query_bias
    scores = (attn_v * np.tanh(keys + query[:, None])).sum(2)
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    attention = (weights[..., None] * outputs).sum(1)
    output = np.hstack([output, attention]) @ out_kernel + out_bias
    outputs = np.concatenate([outputs[:, 1:], output[:, None]], 1).reshape(len(x), -1)
    return output, (new_h, attention, outputs)


def time_freq(x, state, kernel, bias):
    """Windows of 2, one apart."""
    size, m, outputs, states = bias.size // 4, 0, [], []
    m = np.zeros((len(x), size))
    for window in range(x.shape[1] - 1):
        c, h = (state[:, (2 * window + k) * size:(2 * window + k + 1) * size] for k in (0, 1))
        c, m = lstm(np.hstack([x[:, window:window + 2], h, m]) @ kernel + bias, c)
        outputs.append(m)
        states += [c, m]
    return np.hstack(outputs), np.hstack(states)


def highway(x, h, w_ru, b_ru, w_c, b_c, carry_w, carry_b):
    y, new = block_gru(x, h, w_ru, b_ru, w_c, b_c)
    carry = sigmoid(x @ carry_w + carry_b)
    return carry * x + (1 - carry) * y, new
