"""HParams: values of one type each, from texts, dicts and JSON."""

from __future__ import annotations

from typing import Any

import pytest

from flowgraph.contrib import training


def made() -> training.HParams:
    return training.HParams(rate=0.1, sizes=[8, 4], name="deep", fast=True, steps=10)


@pytest.mark.parametrize(("text", "expected"), [
    ("rate=1", {"rate": 1.0}),
    ("rate=2e-3, steps=7", {"rate": 0.002, "steps": 7}),
    ("sizes=[1,2,3]", {"sizes": [1, 2, 3]}),
    ("sizes=[5]", {"sizes": [5]}),
    ("fast=false", {"fast": False}),
    ("fast=1,name=wide", {"fast": True, "name": "wide"}),
    ("", {}),
])
def test_texts_change_values(text: str, expected: dict[str, Any]) -> None:
    hparams = made()
    assert hparams.parse(text) is hparams
    assert hparams.values() == {**made().values(), **expected}


@pytest.mark.parametrize(("text", "words"), [
    ("rate=fast", "Could not parse hparam 'rate'"),
    ("other=1", "Unknown hyperparameter type for other"),
    ("rate=1,rate=2", "Multiple assignments"),
    ("sizes=3", "Must pass a list"),
    ("rate=[1,2]", "Must not pass a list"),
    ("=3", "Malformed"),
])
def test_wrong_texts_are_told_of(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        made().parse(text)


@pytest.mark.parametrize(("name", "value"), [("steps", 0.5), ("name", 3), ("fast", 1),
                                             ("rate", "high")])
def test_values_of_another_type_are_told_of(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match="Could not cast"):
        made().set_hparam(name, value)


def test_hyperparameters_are_attributes_and_come_back_from_json() -> None:
    hparams = made()
    assert hparams.rate == 0.1 and "rate" in hparams and hparams.get("other", 3) == 3
    assert training.HParams(**made().values()).parse_json(hparams.to_json()).values() == (
        hparams.values())
    hparams.del_hparam("rate")
    assert "rate" not in hparams
    with pytest.raises(AttributeError, match="rate"):
        _ = hparams.rate
    with pytest.raises(ValueError, match="reserved"):
        hparams.add_hparam("values", 3)
