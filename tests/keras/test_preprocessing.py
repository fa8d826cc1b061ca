"""keras.preprocessing against TensorFlow's: data/preprocessing.json; files; wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.keras.preprocessing_questions import IMAGES, questions

pre = fg.keras.preprocessing
EXPECTED = json.loads((Path(__file__).parent / "data" / "preprocessing.json").read_text())
ASKED = questions(pre)


@pytest.mark.parametrize("question", ASKED)
def test_answers_of_tensorflow(question: str) -> None:
    np.testing.assert_allclose(np.asarray(ASKED[question](), float), EXPECTED[question],
                               rtol=1e-4, atol=2e-3)


def test_every_answer_is_asked_for() -> None:
    assert set(EXPECTED) == set(ASKED)


def test_a_tokenizer_is_kept_as_json() -> None:
    tokenizer = pre.text.Tokenizer(num_words=10, oov_token="?")
    tokenizer.fit_on_texts(["to be or not to be"])
    again = pre.text.tokenizer_from_json(tokenizer.to_json())
    assert again.get_config() == tokenizer.get_config()
    assert again.texts_to_sequences(["be new"]) == tokenizer.texts_to_sequences(["be new"])


def test_texts_can_be_padded() -> None:
    rows = pre.sequence.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert rows.tolist() == [["-", "a"], ["b", "c"]]


@pytest.fixture
def folder(tmp_path):
    """Two folders of images, red and green ones."""
    for name, colour in ("red", 0), ("green", 1):
        (tmp_path / name).mkdir()
        for i in range(5):
            picture = np.zeros((8, 10, 3))
            picture[..., colour] = 250 - i
            pre.image.save_img(str(tmp_path / name / f"{i}.png"), picture, scale=False)
    (tmp_path / "red" / "notes.txt").write_text("no image")
    return tmp_path


@pytest.mark.parametrize(("mode", "labels"), [
    ("categorical", [[0.0, 1.0]]), ("binary", [1.0]), ("sparse", [1.0])])
def test_images_come_from_folders(folder, capsys, mode, labels) -> None:
    flow = pre.image.ImageDataGenerator().flow_from_directory(
        str(folder), target_size=(4, 5), batch_size=4, class_mode=mode, shuffle=False)
    assert flow.class_indices == {"green": 0, "red": 1} and flow.samples == 10 and len(flow) == 3
    assert "Found 10 images belonging to 2 classes." in capsys.readouterr().out
    batches = [next(flow) for _ in range(3)]
    assert [x.shape for x, _ in batches] == [(4, 4, 5, 3), (4, 4, 5, 3), (2, 4, 5, 3)]
    assert batches[2][0][0, 0, 0].tolist() == [247, 0, 0] and batches[2][1][:1].tolist() == labels


def test_a_model_trains_on_a_generator(folder) -> None:
    with fg.Graph().as_default(), fg.Session():
        make = pre.image.ImageDataGenerator(rescale=1 / 255, validation_split=0.4)
        train, test = (make.flow_from_directory(str(folder), (4, 4), batch_size=3, seed=1,
                                                class_mode="binary", subset=part)
                       for part in ("training", "validation"))
        model = fg.keras.Sequential([fg.keras.layers.Flatten(input_shape=(4, 4, 3)),
                                     fg.keras.layers.Dense(1, activation="sigmoid")])
        model.compile(fg.keras.optimizers.SGD(1.0), "binary_crossentropy", metrics=["accuracy"])
        history = model.fit_generator(train, len(train), epochs=10, verbose=0,
                                      validation_data=test, validation_steps=len(test))
        assert history.history["val_acc"][-1] == 1.0


def test_changed_images_are_saved(tmp_path) -> None:
    flow = pre.image.ImageDataGenerator().flow(IMAGES, batch_size=2, save_to_dir=str(tmp_path),
                                               save_prefix="seen")
    next(flow)
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 2 and all(name.startswith("seen_") for name in names)


@pytest.mark.parametrize(("act", "error", "words"), [
    (lambda: pre.sequence.pad_sequences([[1]], padding="left"), ValueError, "padding must be"),
    (lambda: pre.sequence.pad_sequences([1, 2]), ValueError, "list of lists"),
    (lambda: pre.sequence.pad_sequences([["a"]], value="-"), ValueError, "dtype=object"),
    (lambda: pre.sequence.pad_sequences([[[1]], [[1, 2]]]), ValueError, "must be equal"),
    (lambda: pre.sequence.TimeseriesGenerator([1], [1, 2], 1), ValueError, "same length"),
    (lambda: pre.sequence.TimeseriesGenerator([1], [1], 3), ValueError, "no window"),
    (lambda: pre.text.Tokenizer(words=3), TypeError, "Unrecognized"),
    (lambda: pre.text.Tokenizer().texts_to_matrix(["a"]), ValueError, "fit on some"),
    (lambda: pre.text.Tokenizer(3).sequences_to_matrix([[1]], "own"), ValueError, "Unknown"),
    (lambda: pre.text.Tokenizer(3).sequences_to_matrix([[1]], "tfidf"), ValueError, "tfidf"),
    (lambda: pre.image.ImageDataGenerator(zoom_range=[1, 2, 3]), ValueError, "zoom_range"),
    (lambda: pre.image.ImageDataGenerator(data_format="first"), ValueError, "data_format"),
    (lambda: pre.image.ImageDataGenerator(validation_split=2), ValueError, "validation_split"),
    (lambda: pre.image.ImageDataGenerator(brightness_range=[1]), ValueError, "brightness_range"),
    (lambda: pre.image.ImageDataGenerator().flow(IMAGES[0]), ValueError, "rank 4"),
    (lambda: pre.image.ImageDataGenerator().flow(IMAGES, [1]), ValueError, "5 images"),
    (lambda: pre.image.ImageDataGenerator().flow(IMAGES, subset="all"), ValueError, "subset"),
    (lambda: next(pre.image.ImageDataGenerator(featurewise_center=True).flow(IMAGES)), ValueError,
     "fit"),
    (lambda: pre.image.ImageDataGenerator().flow_from_directory(".", class_mode="x"), ValueError,
     "class_mode"),
    (lambda: pre.image.apply_affine_transform(IMAGES[0], 3, fill_mode="black"), ValueError,
     "fill_mode"),
    (lambda: pre.image.array_to_img(np.zeros((2, 2, 5))), ValueError, "channel number"),
    (lambda: pre.image.array_to_img(np.zeros((2, 2))), ValueError, "rank 3"),
    (lambda: pre.image.img_to_array(np.zeros(2)), ValueError, "image shape"),
])
def test_wrong_use_is_refused(act, error, words) -> None:
    with pytest.raises(error, match=words):
        act()
