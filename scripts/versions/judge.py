"""One version of Keras as a judge: python judge.py MODULE

Lines of JSON: {"after", "inputs", and "before" or "outputs"} come in on stdin; a line with "difference" or "error" goes out.
A model is {"path"}, or {"path", "weights"}: an architecture and its weights. A tensor is [path, shape]."""

import json
import os
import sys

import numpy as np

from one_keras import keras, one_line, run


def load(saved):
    if "weights" not in saved:
        return keras.models.load_model(saved["path"], compile=False)
    with open(saved["path"], encoding="utf-8") as file:
        model = keras.models.model_from_json(file.read())
    model.load_weights(saved["weights"])
    return model


def read(tensors):
    return [np.fromfile(path, "float32").reshape(shape) for path, shape in tensors]


def judge(job):
    inputs = read(job["inputs"])
    keras.backend.clear_session()
    try:
        expected = read(job["outputs"]) if "outputs" in job else run(load(job["before"]), inputs)
    except Exception as error:
        return {"error": "the original: " + one_line(error), "original": True}
    keras.backend.clear_session()
    found = run(load(job["after"]), inputs)
    if [value.shape for value in found] != [value.shape for value in expected]:
        return {"error": "the outputs have the shapes %s" % [list(value.shape) for value in found]}
    pairs = list(zip(expected, found))
    if not all(np.isfinite(a).all() and np.isfinite(b).all() and len(np.unique(a)) > 2 for a, b in pairs):
        return {"error": "the outputs say nothing: not finite, or all the same"}
    # Of each output, in parts of its largest number.
    return {"difference": max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)}


def serve():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # prints of libraries do not come between the answers
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = judge(job)
        except Exception as error:
            answer = {"error": one_line(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


serve()
