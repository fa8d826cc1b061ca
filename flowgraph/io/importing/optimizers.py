"""Op types that are one step of an optimizer, as ApplyAdam, in graphs that TensorFlow wrote.

flowgraph's own optimizers are built of plain ops, and such a step becomes plain ops too. One
formula per optimizer says what the variable and its slots become; its parameters are named as the
inputs of TensorFlow's op. The same formula does all rows of the variable, or some:

    ApplyMomentum(var, accum, lr, grad, momentum)
    SparseApplyMomentum(var, accum, lr, grad, indices, momentum)     only the rows `indices`
    ResourceApplyMomentum, ResourceSparseApplyMomentum               have no output
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature as parameters_of
from typing import Any

from flowgraph.graph.graph import control_dependencies
from flowgraph.io.graphs.op_table import signature
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule
from flowgraph.ops.arithmetic import maximum, pow
from flowgraph.ops.cast import cast
from flowgraph.ops.exponential import exp
from flowgraph.ops.gather import gather
from flowgraph.ops.identity import Identity
from flowgraph.ops.scatter import ScatterUpdate
from flowgraph.ops.select import where
from flowgraph.ops.state import Assign
from flowgraph.ops.unary import abs, rsqrt, sign, sqrt, square

Values = dict[str, Any]

# ---- formulas ------------------------------------------------------------------------------------


def gradient_descent(var, alpha, delta) -> Values:
    return {"var": var - alpha * delta}


def momentum(var, accum, lr, grad, momentum, use_nesterov) -> Values:
    accum = accum * momentum + grad
    step = grad + accum * momentum if use_nesterov else accum
    return {"accum": accum, "var": var - lr * step}


def keras_momentum(var, accum, lr, grad, momentum, use_nesterov) -> Values:
    accum = accum * momentum - lr * grad
    step = accum * momentum - lr * grad if use_nesterov else accum
    return {"accum": accum, "var": var + step}


def adam(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad,
         use_nesterov) -> Values:
    rate = lr * sqrt(1.0 - beta2_power) / (1.0 - beta1_power)
    m = m + (grad - m) * (1.0 - beta1)
    v = v + (square(grad) - v) * (1.0 - beta2)
    mean = m * beta1 + (1.0 - beta1) * grad if use_nesterov else m
    return {"m": m, "v": v, "var": var - rate * mean / (sqrt(v) + epsilon)}


def adam_with_amsgrad(var, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon,
                      grad) -> Values:
    values = adam(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, False)
    vhat = maximum(vhat, values["v"])
    rate = lr * sqrt(1.0 - beta2_power) / (1.0 - beta1_power)
    return {**values, "vhat": vhat, "var": var - rate * values["m"] / (sqrt(vhat) + epsilon)}


def ada_max(var, m, v, beta1_power, lr, beta1, beta2, epsilon, grad) -> Values:
    m = m + (grad - m) * (1.0 - beta1)
    v = maximum(beta2 * v, abs(grad))
    return {"m": m, "v": v, "var": var - lr / (1.0 - beta1_power) * m / (v + epsilon)}


def adagrad(var, accum, lr, grad, update_slots) -> Values:
    accum = accum + square(grad) if update_slots else accum
    return {"accum": accum, "var": var - lr * grad * rsqrt(accum)}


def adagrad_v2(var, accum, lr, epsilon, grad, update_slots) -> Values:
    accum = accum + square(grad) if update_slots else accum
    return {"accum": accum, "var": var - lr * grad / (sqrt(accum) + epsilon)}


def adagrad_da(var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2,
               global_step) -> Values:
    total = gradient_accumulator + grad
    squares = gradient_squared_accumulator + square(grad)
    step = cast(global_step, grad.dtype)
    shrunk = sign(total) * maximum(abs(total) - l1 * step, 0.0)
    return {"gradient_accumulator": total, "gradient_squared_accumulator": squares,
            "var": -lr * shrunk / (l2 * step * lr + sqrt(squares))}


def adadelta(var, accum, accum_update, lr, rho, epsilon, grad) -> Values:
    accum = accum * rho + square(grad) * (1.0 - rho)
    step = sqrt(accum_update + epsilon) * rsqrt(accum + epsilon) * grad
    return {"accum": accum, "accum_update": accum_update * rho + square(step) * (1.0 - rho),
            "var": var - lr * step}


def rms_prop(var, ms, mom, lr, rho, momentum, epsilon, grad) -> Values:
    ms = ms + (square(grad) - ms) * (1.0 - rho)
    mom = mom * momentum + lr * grad * rsqrt(ms + epsilon)
    return {"ms": ms, "mom": mom, "var": var - mom}


def centered_rms_prop(var, mg, ms, mom, lr, rho, momentum, epsilon, grad) -> Values:
    ms = ms + (square(grad) - ms) * (1.0 - rho)
    mg = mg + (grad - mg) * (1.0 - rho)
    mom = mom * momentum + lr * grad * rsqrt(ms - square(mg) + epsilon)
    return {"ms": ms, "mg": mg, "mom": mom, "var": var - mom}


def ftrl(var, accum, linear, grad, lr, l1, l2, lr_power) -> Values:
    return ftrl_v2(var, accum, linear, grad, lr, l1, l2, 0.0, lr_power)


def ftrl_v2(var, accum, linear, grad, lr, l1, l2, l2_shrinkage, lr_power) -> Values:
    total = accum + square(grad)
    power = pow(total, -lr_power)
    linear = linear + grad + 2.0 * l2_shrinkage * var - (power - pow(accum, -lr_power)) / lr * var
    shrunk = (sign(linear) * l1 - linear) / (power / lr + 2.0 * l2)
    return {"accum": total, "linear": linear,
            "var": where(abs(linear) > l1, shrunk, 0.0 * var)}


def proximal_gradient_descent(var, alpha, l1, l2, delta=None, grad=None) -> Values:
    return {"var": _shrunk(var - alpha * (grad if delta is None else delta), alpha, l1, l2)}


def proximal_adagrad(var, accum, lr, l1, l2, grad) -> Values:
    accum = accum + square(grad)
    rate = lr * rsqrt(accum)
    return {"accum": accum, "var": _shrunk(var - rate * grad, rate, l1, l2)}


def _shrunk(var: Any, rate: Any, l1: Any, l2: Any) -> Any:
    return sign(var) * maximum(abs(var) - rate * l1, 0.0) / (1.0 + rate * l2)


def add_sign(var, m, lr, alpha, sign_decay, beta, grad) -> Values:
    m = m * beta + grad * (1.0 - beta)
    return {"m": m, "var": var - lr * (alpha + sign_decay * sign(grad) * sign(m)) * grad}


def power_sign(var, m, lr, logbase, sign_decay, beta, grad) -> Values:
    m = m * beta + grad * (1.0 - beta)
    return {"m": m, "var": var - lr * exp(logbase * sign_decay * sign(grad) * sign(m)) * grad}


_FORMULAS: dict[str, Callable[..., Values]] = {
    "GradientDescent": gradient_descent, "Momentum": momentum, "KerasMomentum": keras_momentum,
    "Adam": adam, "AdamWithAmsgrad": adam_with_amsgrad, "AdaMax": ada_max, "Adagrad": adagrad,
    "AdagradV2": adagrad_v2, "AdagradDA": adagrad_da, "Adadelta": adadelta, "RMSProp": rms_prop,
    "CenteredRMSProp": centered_rms_prop, "Ftrl": ftrl, "FtrlV2": ftrl_v2,
    "ProximalGradientDescent": proximal_gradient_descent, "ProximalAdagrad": proximal_adagrad,
    "AddSign": add_sign, "PowerSign": power_sign}

# ---- from formulas to ops ------------------------------------------------------------------------


def step(build: Build) -> Any:
    """The ops of one step.

    Args:
        build: the node.
    """
    assert build.row is not None
    formula = _FORMULAS[build.node.op.partition("Apply")[2]]
    given = {arg.name: tensor for arg, tensor in zip(build.row.inputs, build.inputs, strict=True)}
    if build.row.attrs.get("multiply_linear_by_lr") and build.attr("multiply_linear_by_lr"):
        raise build.wrong("has multiply_linear_by_lr, which is not offered")
    options = {name: build.attr(name) for name in ("use_nesterov", "update_slots")
               if name in parameters_of(formula).parameters}
    indices = given.pop("indices", None)
    names = [name for name, tensor in given.items() if tensor.dtype._is_ref_dtype
             and name in _SLOTS]
    variables = {name: given[name] for name in names}
    graph = build.importer.graph
    with graph.name_scope(build.name + "/"):
        for name, variable in variables.items():
            whole = Identity.build(variable, name=f"{name}_old")
            given[name] = whole if indices is None else gather(whole, indices)
        values = formula(**given, **options)
        slots = [_written(variables[name], values[name], indices, f"{name}_new")
                 for name in names if name != "var"]
    with control_dependencies([slot.op for slot in slots]):
        result = _written(variables["var"], values["var"], indices, build.name + "/")
    return result if build.row.outputs else result.op


_SLOTS = frozenset(("var", "accum", "accum_update", "m", "v", "vhat", "ms", "mg", "mom", "linear",
                    "gradient_accumulator", "gradient_squared_accumulator"))


def _written(variable: Any, value: Any, indices: Any, name: str) -> Any:
    """The variable after its new value, or that of some rows, is set."""
    if indices is None:
        return Assign.build(variable, value, name=name)
    return ScatterUpdate.build(variable, indices, value, name=name)


rule(*(kind + name for name in _FORMULAS
       for kind in ("Apply", "SparseApply", "ResourceApply", "ResourceSparseApply")
       if signature(kind + name) is not None))(step)
