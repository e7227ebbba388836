"""Small models, saved in each container that a version of Keras knows: python small_models.py MODULE FOLDER

What was saved is kept as long as this file stays as it is (models.mjs)."""

import json
import os
import sys

import numpy as np

from one_keras import IS_KERAS_3, VERSION, keras, one_line, run

L = keras.layers


def conv_bn(x, filters, size=3, strides=1, act="relu"):
    x = L.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    return L.Activation(act)(x) if act else x


def unit(x, filters, strides=1, shortcut_first=False):
    main = conv_bn(conv_bn(x, filters, strides=strides), filters, act=None)
    if strides != 1 or x.shape[-1] != filters:
        x = conv_bn(x, filters, 1, strides, act=None)
    return L.ReLU()(L.Add()([x, main] if shortcut_first else [main, x]))


def sequential():
    """A VGG: convolutions in a row, batch norms between some, a dropout."""
    # How each Keras' own examples begin a Sequential.
    first = [keras.Input((16, 16, 3))] if IS_KERAS_3 else []
    shape = {} if IS_KERAS_3 else {"input_shape": (16, 16, 3)}
    layers = [L.Conv2D(8, 3, padding="same", activation="relu", **shape), L.BatchNormalization(),
              L.Conv2D(8, 3, padding="same"), L.BatchNormalization(), L.Activation("relu"), L.MaxPooling2D(),
              L.Conv2D(16, 3, activation="relu"), L.Flatten(), L.Dropout(0.3), L.Dense(5, activation="softmax")]  # fmt: skip
    return keras.Sequential(first + layers)


def residual():
    """Residual units with projections, the shortcut first in one of them: inserted layers move others."""
    inputs = keras.Input((16, 16, 3))
    x = unit(conv_bn(inputs, 8), 8)
    x = unit(x, 8, 2, shortcut_first=True)
    x = unit(x, 16, 2)
    return keras.Model(inputs, L.Dense(5, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def transfer():
    """A functional base in a Sequential with a new head."""
    inputs = keras.Input((16, 16, 3))
    base = keras.Model(inputs, unit(unit(conv_bn(inputs, 8), 8), 16, 2, shortcut_first=True), name="base")
    first = [keras.Input((16, 16, 3))] if IS_KERAS_3 else []
    return keras.Sequential(first + [base, L.GlobalAveragePooling2D(), L.Dropout(0.2), L.Dense(3)])


def stacked():
    """A Sequential in a Sequential: with modules in it, it becomes functional."""
    first = [keras.Input((16, 16, 3))] if IS_KERAS_3 else []
    shape = {} if IS_KERAS_3 else {"input_shape": (16, 16, 3)}
    layers = [L.Conv2D(8, 3, padding="same", activation="relu", **shape), L.MaxPooling2D(),
              L.Conv2D(16, 3, padding="same"), L.BatchNormalization(), L.Activation("relu")]  # fmt: skip
    features = keras.Sequential(first + layers, name="features")
    return keras.Sequential(first + [features, L.GlobalAveragePooling2D(), L.Dense(4)])


def mobile():
    """Depthwise convolutions and ReLU6 in a functional base, called in a functional model; the base is frozen."""

    def separable(x, filters, strides=1):
        x = L.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = L.ReLU(6.0)(L.BatchNormalization()(x))
        x = L.Conv2D(filters, 1, use_bias=False)(x)
        return L.ReLU(6.0)(L.BatchNormalization()(x))

    inside = keras.Input((16, 16, 3))
    base = keras.Model(inside, separable(separable(conv_bn(inside, 8, strides=2), 8), 16, 2), name="mobile_base")
    base.trainable = False
    inputs = keras.Input((16, 16, 3))
    x = base(L.ZeroPadding2D(1)(L.Cropping2D(1)(inputs)))
    return keras.Model(inputs, L.Dense(5, activation="softmax")(L.GlobalMaxPooling2D()(x)))


def siamese():
    """Two inputs through one shared tower, two outputs."""
    inside = keras.Input((16, 16, 3))
    x = unit(conv_bn(inside, 8), 8, 2, shortcut_first=True)
    tower = keras.Model(inside, L.Dense(6)(L.GlobalAveragePooling2D()(x)), name="tower")
    left, right = keras.Input((16, 16, 3), name="left"), keras.Input((16, 16, 3), name="right")
    shared = L.Conv2D(8, 3, padding="same", name="shared")
    a, b = tower(left), tower(right)
    both = L.Concatenate()([shared(left), shared(right)])
    both = L.GlobalMaxPooling2D()(unit(both, 12, shortcut_first=True))
    return keras.Model([left, right], [L.Dense(2, activation="softmax", name="same")(L.Concatenate()([a, b])),
                                       L.Dense(4, activation="tanh", name="kind")(both)])  # fmt: skip


def video():
    """A network a frame (TimeDistributed over a model), then a Bidirectional LSTM."""
    inside = keras.Input((12, 12, 3))
    frame = keras.Model(inside, L.GlobalAveragePooling2D()(unit(conv_bn(inside, 8), 8)), name="frame")
    inputs = keras.Input((3, 12, 12, 3))
    x = L.TimeDistributed(L.Dense(6, activation="relu"))(L.TimeDistributed(frame)(inputs))
    return keras.Model(inputs, L.Dense(4)(L.Bidirectional(L.LSTM(5))(x)))


MODELS = [sequential, residual, transfer, mobile, siamese, video, stacked]


def randomise(model, seed):
    """Random weights and batch norm statistics, so that a gamma of one or a mean of zero hides nothing."""
    rng = np.random.RandomState(seed)

    def values(variable):
        name, shape = variable.name.split("/")[-1].split(":")[0], tuple(variable.shape)
        if name in ("gamma", "moving_variance"):
            return rng.uniform(0.5, 1.5, shape)
        if name in ("beta", "moving_mean", "bias"):
            return rng.normal(0, 0.2, shape)
        inputs = np.prod(shape[:2]) if name == "depthwise_kernel" or shape[-1] == 1 else np.prod(shape[:-1])
        return rng.normal(0, np.sqrt((2 if len(shape) > 2 else 0.5) / inputs), shape)

    model.set_weights([values(variable).astype("float32") for variable in model.weights])


# Saving


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def save(folder):
    saved = {}
    for seed, build in enumerate(MODELS):
        keras.backend.clear_session()
        try:
            model = build()
        except Exception as error:
            saved[build.__name__] = {"failed": one_line(error)}
            continue
        randomise(model, seed)
        saved[build.__name__] = save_model(model, os.path.join(folder, build.__name__), seed)
    write(os.path.join(folder, "saved.json"), json.dumps({"version": VERSION, "models": saved}))


def save_model(model, folder, seed):
    """In every container, with an input and the output; of what was saved, the shapes and the containers that failed."""

    def at(name):
        return os.path.join(folder, name)

    os.makedirs(folder)
    rng = np.random.RandomState(100 + seed)
    inputs = [rng.normal(0, 1, (2,) + tuple(tensor.shape)[1:]).astype("float32") for tensor in model.inputs]
    outputs = run(model, inputs)
    for name, values in [("input", inputs), ("output", outputs)]:
        for index, value in enumerate(values):
            value.tofile(at("%s%d.bin" % (name, index)))
    write(at("net.json"), model.to_json())
    ways = {
        "h5": lambda: model.save(at("net.h5")),
        "json-h5": lambda: model.save_weights(at("weights.h5")),
        "keras": lambda: model.save(at("net.keras")),
        "json-weights-h5": lambda: model.save_weights(at("net.weights.h5")),
        # Keras 3 saves neither.
        "folder": lambda: model.save(at("net"), save_format="tf"),
        "json-checkpoint": lambda: model.save_weights(at("checkpoint/net"), save_format="tf"),
    }
    errors = {}
    for container, way in ways.items():
        try:
            way()
        except Exception as error:
            errors[container] = one_line(error)
    return {
        "errors": errors,
        "inputs": [list(value.shape) for value in inputs],
        "outputs": [list(value.shape) for value in outputs],
    }


save(sys.argv[2])
