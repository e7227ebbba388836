"""Loads translated models and compares: python check_cases.py keras2|keras3 FOLDER [NAME...]

For every SOURCE.NAME.to-TARGET.json in the folder: real Keras loads it, takes the weights of the source by the names of
the layers, and must have as many parameters and compute the same. Prints one line a model.
"""

import glob
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np

DIALECT, FOLDER = sys.argv[1:3]
WANTED = sys.argv[3:]
if DIALECT == "keras2":
    import tf_keras as keras
else:
    import keras


def is_model(layer):
    return isinstance(layer, keras.Model)


def find(model, path):
    for name in path:
        model = model.get_layer(name)
    return model


def arrays(path):
    with open(path) as file:
        return [np.array(each["values"], each["dtype"]).reshape(each["shape"]) for each in json.load(file)]


def check(path):
    source = path.split(".to-")[0]
    with open(path) as file:
        model = keras.models.model_from_json(file.read())
    with open(f"{source}.weights.json") as file:
        index = json.load(file)
    with open(path.replace(".json", ".names")) as file:
        renamed = json.load(file)
    blob = np.fromfile(f"{source}.bin", "float32")
    if not model.built:
        model.build([None, *arrays(f"{source}.in.json")[0].shape[1:]])
    given, at = {}, 0
    for weight in index["weights"]:
        size = int(np.prod(weight["shape"]))
        given.setdefault(tuple(weight["layer"]), []).append(blob[at : at + size].reshape(weight["shape"]))
        at += size
    for layer_path, values in given.items():
        names = [renamed.get("/".join(layer_path[: depth + 1]), name) for depth, name in enumerate(layer_path)]
        layer = find(model, names)
        layer.set_weights(values)
    inputs = arrays(f"{source}.in.json")
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    expected = arrays(f"{source}.out.json")
    assert len(outputs) == len(expected), f"{len(outputs)} outputs, not {len(expected)}"
    worst = 0
    for one, other in zip(outputs, expected):
        one = np.array(one).astype("float64")
        assert one.shape == other.shape, f"shape {one.shape}, not {other.shape}"
        worst = max(worst, float(np.abs(one - other).max() / max(np.abs(other).max(), 1e-30)))
    params = model.count_params()
    note = "" if params == index["params"] else f" PARAMS {params}, not {index['params']}"
    return f"difference {worst:.1e}{note}{'' if worst <= 1e-5 else ' TOO MUCH'}"


for path in sorted(glob.glob(os.path.join(FOLDER, f"*.to-{DIALECT}.json"))):
    name = os.path.basename(path).split(".")[1]
    if WANTED and name not in WANTED:
        continue
    keras.backend.clear_session()
    try:
        result = check(path)
    except Exception as error:
        result = f"FAILED {type(error).__name__}: {' '.join(str(error).split())[:600]}"
    print(f"{os.path.basename(path)}: {result}", flush=True)
