"""The workloads in PyTorch's own idiom: modules, optimizers, channels first; eager.

Data and first values are those of the TensorFlow programs, so the steps give the same values. Where
PyTorch keeps numbers in another order (filters, gates), they are reordered here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from arrays import Arrays
from torch import nn
from torch.nn import functional

Step = Callable[[], Any]
COMPILED = os.environ.get("TORCH_WORKLOADS") == "compiled"  # the networks, by torch.compile
torch.set_default_device(os.environ.get("TORCH_DEVICE", "cpu"))


def _tensor(array: np.ndarray) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array)).to(torch.get_default_device())


def _set(parameter: Any, array: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(_tensor(array))


def _linear(w: np.ndarray, b: np.ndarray) -> Any:
    layer = nn.Linear(*w.shape)
    _set(layer.weight, w.T)
    _set(layer.bias, b)
    return layer


def _conv(numbers: Arrays, size: int, inputs: int, filters: int, padding: int,
          bias: bool = True) -> Any:
    layer = nn.Conv2d(inputs, filters, size, padding=padding, bias=bias)
    _set(layer.weight, numbers.weights(size, size, inputs, filters).transpose(3, 2, 0, 1))
    if bias:
        _set(layer.bias, numbers.zeros(filters))
    return layer


def _channels_first(pictures: np.ndarray) -> Any:
    return _tensor(pictures.transpose(0, 3, 1, 2))


def _flattened(w: np.ndarray, channels: int) -> np.ndarray:
    """Rows of a weight that stood in the order height, width, channel."""
    side = int((len(w) // channels) ** 0.5)
    return w.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(len(w), -1)


def _dense(numbers: Arrays, *sizes: int, channels: int = 0) -> list[Any]:
    """Linear layers with relu between them; `channels` of what was flattened before."""
    layers: list[Any] = []
    for w, b in numbers.layers(*sizes):
        layers += [_linear(_flattened(w, channels) if channels and not layers else w, b), nn.ReLU()]
    return layers[:-1]


def _trained(model: Any, x: Any, labels: np.ndarray, optimizer: Any) -> Step:
    y = _tensor(labels)
    model = torch.compile(model) if COMPILED else model

    def step() -> Any:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def scalar() -> Step:
    """Two operations on a number."""
    return lambda: (torch.tensor(1.0) * 2.0 + 1.0).item()


def linreg() -> Step:
    """Linear regression on ten points."""
    numbers = Arrays()
    features = numbers.normal(10, 2)
    x = _tensor(features)
    y = _tensor((features @ np.array([[2.0], [-3.4]], np.float32) + 4.2).astype(np.float32))
    model = _linear(numbers.zeros(2, 1), numbers.zeros(1))
    optimizer = torch.optim.SGD(model.parameters(), 0.03)

    def step() -> Any:
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean() / 2
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def softmax() -> Step:
    """Softmax regression."""
    numbers = Arrays()
    x, labels = _tensor(numbers.uniform(256, 784)), numbers.classes(10, 256)
    model = _linear(numbers.zeros(784, 10), numbers.zeros(10))
    return _trained(model, x, labels, torch.optim.SGD(model.parameters(), 0.1))


def _mlp(batch: int, *sizes: int) -> Step:
    numbers = Arrays()
    x, labels = _tensor(numbers.uniform(batch, sizes[0])), numbers.classes(sizes[-1], batch)
    model = nn.Sequential(*_dense(numbers, *sizes))
    return _trained(model, x, labels, torch.optim.Adam(model.parameters(), 1e-3))


def mlp() -> Step:
    """784-256-256-10 with Adam."""
    return _mlp(128, 784, 256, 256, 10)


def lenet() -> Step:
    """LeNet-5 with SGD."""
    numbers = Arrays()
    x, labels = _channels_first(numbers.uniform(64, 28, 28, 1)), numbers.classes(10, 64)
    model = nn.Sequential(
        _conv(numbers, 5, 1, 6, 2), nn.ReLU(), nn.MaxPool2d(2),
        _conv(numbers, 5, 6, 16, 0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        *_dense(numbers, 400, 120, 84, 10, channels=16))
    return _trained(model, x, labels, torch.optim.SGD(model.parameters(), 0.1))


def convnet() -> Step:
    """32-64-128 channels of 3x3."""
    numbers = Arrays()
    x, labels = _channels_first(numbers.uniform(32, 32, 32, 3)), numbers.classes(10, 32)
    layers = [layer for i, o in pairwise((3, 32, 64, 128))
              for layer in (_conv(numbers, 3, i, o, 1), nn.ReLU(), nn.MaxPool2d(2))]
    model = nn.Sequential(*layers, nn.Flatten(), *_dense(numbers, 2048, 10, channels=128))
    return _trained(model, x, labels, torch.optim.SGD(model.parameters(), 0.1))


def lstm() -> Step:
    """nn.LSTM of 256 units over 35 characters."""
    batch, steps, hidden, vocabulary = 32, 35, 256, 64
    numbers = Arrays()
    text, following = (numbers.generator.integers(0, vocabulary, (batch, steps)) for _ in range(2))
    kernel, bias = numbers.weights(vocabulary + hidden, 4 * hidden), numbers.zeros(4 * hidden)
    bias[2 * hidden:3 * hidden] = 1  # the forget gate's
    i, j, f, o = np.split(np.arange(4 * hidden), 4)
    order = np.concatenate([i, f, j, o])  # as PyTorch has the gates
    network = nn.LSTM(vocabulary, hidden, batch_first=True)
    _set(network.weight_ih_l0, kernel[:vocabulary, order].T)
    _set(network.weight_hh_l0, kernel[vocabulary:, order].T)
    _set(network.bias_ih_l0, bias[order])
    _set(network.bias_hh_l0, numbers.zeros(4 * hidden))
    network.bias_hh_l0.requires_grad_(False)  # one bias is enough
    output = nn.Linear(hidden, vocabulary, bias=False)
    _set(output.weight, numbers.weights(hidden, vocabulary).T)
    parameters = [one for one in (*network.parameters(), *output.parameters()) if one.requires_grad]
    optimizer = torch.optim.SGD(parameters, 1.0)
    x = functional.one_hot(_tensor(text), vocabulary).float()
    y = _tensor(following).reshape(-1)
    network = torch.compile(network) if COMPILED else network

    def step() -> Any:
        optimizer.zero_grad()
        loss = functional.cross_entropy(output(network(x)[0]).reshape(-1, vocabulary), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        return loss.item()

    return step


def elementwise() -> Step:
    """A chain over 4 million numbers and its gradient."""
    x = _tensor(Arrays().normal(4_000_000)).requires_grad_()

    def chain(x: Any) -> Any:
        return (torch.tanh(x * 1.5 + 0.5) * torch.sigmoid(x) - 0.1 * x.square()
                + torch.exp(-x.abs())).mean()

    forward = torch.compile(chain) if COMPILED else chain

    def step() -> Any:
        loss = forward(x)
        gradient, = torch.autograd.grad(loss, x)
        return loss.item(), gradient.square().sum().item()

    return step


def _chain(rounds: int) -> Step:
    x = torch.linspace(-1, 1, 16)

    def step() -> Any:
        hidden = x
        for _ in range(rounds):
            hidden = torch.tanh(hidden) + x
        return hidden.cpu().numpy()

    return step


def small_ops() -> Step:
    """1,000 operations on 16 numbers."""
    return _chain(500)


def while_loop() -> Step:
    """1,000 rounds of two operations on 16 numbers: a loop of Python's, as one writes it there."""
    return _chain(1000)


def matmul() -> Step:
    """Four products of 1024x1024."""
    a = _tensor(Arrays().normal(1024, 1024, scale=1 / 32))

    def step() -> Any:
        product = a
        for _ in range(4):
            product = product @ a
        return product.sum().item()

    return step


def autoencoder() -> Step:
    """784-256-64-256-784 with sigmoids and RMSProp as TensorFlow has it."""
    numbers = Arrays()
    layers = [layer for w, b in numbers.layers(784, 256, 64, 256, 784)
              for layer in (_linear(w, b), nn.Sigmoid())]
    model = nn.Sequential(*layers)
    x = _tensor(numbers.uniform(128, 784))
    optimizer = torch.optim.RMSprop(model.parameters(), 0.01, alpha=0.9, eps=1e-10)
    for parameter in model.parameters():  # TensorFlow's means begin with 1
        optimizer.state[parameter] = {"step": torch.tensor(0.0),
                                      "square_avg": torch.ones_like(parameter)}

    def step() -> Any:
        optimizer.zero_grad()
        loss = functional.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def large_softmax() -> Step:
    """A softmax over 10,000 classes."""
    numbers = Arrays()
    model = nn.Sequential(*_dense(numbers, 256, 10_000))
    x = _tensor(numbers.normal(128, 256))
    return _trained(model, x, numbers.classes(10_000, 128),
                    torch.optim.SGD(model.parameters(), 0.1))


def log_density() -> Step:
    """Log density of a mixture of 16 normals at 100,000 points."""
    numbers = Arrays()
    mean, log_scale, weight = (_tensor(one).requires_grad_() for one in (
        numbers.normal(16), numbers.zeros(16), numbers.zeros(16)))
    x = _tensor(numbers.normal(100_000, 1))
    optimizer = torch.optim.SGD([mean, log_scale, weight], 0.01)

    def step() -> Any:
        optimizer.zero_grad()
        z = (x - mean) * torch.exp(-log_scale)
        parts = -0.5 * z.square() - log_scale - 0.5 * float(np.log(2 * np.pi))
        loss = -torch.logsumexp(parts + torch.log_softmax(weight, 0), 1).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def deep_conv() -> Step:
    """Three blocks of two 3x3 convolutions and a pooling, Adam."""
    numbers = Arrays()
    layers = [layer for i, o in pairwise((3, 16, 32, 64))
              for layer in (_conv(numbers, 3, i, o, 1, bias=False), nn.ReLU(),
                            _conv(numbers, 3, o, o, 1), nn.ReLU(), nn.MaxPool2d(2))]
    model = nn.Sequential(*layers, nn.Flatten(), *_dense(numbers, 576, 10, channels=64))
    x = _channels_first(numbers.uniform(16, 24, 24, 3))
    return _trained(model, x, numbers.classes(10, 16),
                    torch.optim.Adam(model.parameters(), 1e-3))


def mlp_wide() -> Step:
    """784-1024-1024-10 with Adam, batch 32."""
    return _mlp_after(32, 784, 1024, 1024, 10)


def mlp_small() -> Step:
    """20-16-16-2 with Adam, batch 32."""
    return _mlp_after(32, 20, 16, 16, 2)


def _mlp_after(batch: int, *sizes: int) -> Step:
    """A network whose weights are drawn before its data."""
    numbers = Arrays()
    model = nn.Sequential(*_dense(numbers, *sizes))
    x = _tensor(numbers.uniform(batch, sizes[0]))
    return _trained(model, x, numbers.classes(sizes[-1], batch),
                    torch.optim.Adam(model.parameters(), 1e-3))


WORKLOADS = {function.__name__: function for function in (
    scalar, linreg, softmax, mlp, lenet, convnet, lstm, elementwise, small_ops, matmul, while_loop,
    autoencoder, large_softmax, log_density, deep_conv, mlp_wide, mlp_small)}
