"""Models of one Keras, with random weights, inputs and what Keras computes: python make_cases.py keras2|keras3 FOLDER [NAME...]

Each NAME gives NAME.json (the architecture), NAME.weights.json and NAME.bin (every layer's weights, by its path through
nested models), NAME.in.json and NAME.out.json (arrays as flat lists).
"""

import json
import os
import sys
import zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np

DIALECT, FOLDER = sys.argv[1:3]
WANTED = sys.argv[3:]
if DIALECT == "keras2":
    import tf_keras as keras
else:
    import keras
import tensorflow as tf

L = keras.layers
IS_2 = DIALECT == "keras2"


def application(name, **options):
    def make():
        return getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=10, **options)

    return make


def activations(*names):
    def make():
        x = inputs = keras.Input((8, 8, 3))
        for at, name in enumerate(names):
            x = L.Conv2D(4, 3, padding="same", activation=name, name=f"conv_{at}")(x)
            x = L.Activation(name, name=f"act_{at}")(x)
        x = L.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, L.Dense(3, activation=names[-1], name="out")(x))

    return make


def sequential_activations():
    return keras.Sequential(
        [keras.Input((8, 8, 3)), L.Conv2D(4, 3, activation="hard_sigmoid"), L.Flatten(), L.Dense(2, activation="softmax")]
    )


def sequential_split():
    return keras.Sequential([keras.Input((6,)), L.Dense(4, activation="hard_silu"), L.Dense(2)])


def layer_as_activation():
    inputs = keras.Input((6,))
    x = L.Dense(4, activation=L.LeakyReLU(0.1), name="leaky")(inputs)
    return keras.Model(inputs, L.Dense(4, activation=L.ReLU(6.0), name="relu6")(x))


def pieces():
    inputs = keras.Input((12, 12, 4))
    x = L.BatchNormalization(axis=-1, epsilon=1e-4)(inputs)
    x = L.SeparableConv2D(6, 3, padding="same", depthwise_regularizer=keras.regularizers.L2(1e-3))(x)
    x = L.LeakyReLU(0.2)(x)
    x = L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, kernel_initializer="he_normal" if IS_2 else None)(x) if IS_2 else L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.Conv2DTranspose(5, 3, strides=2, padding="same", kernel_initializer="lecun_normal")(x)
    x = L.ELU()(x)
    x = L.UpSampling2D(2)(x)
    x = L.ZeroPadding2D(1)(x)
    x = L.Cropping2D(((1, 0), (0, 2)))(x)
    x = L.SpatialDropout2D(0.3)(x)
    x = L.ReLU(negative_slope=0.1)(x)
    x = L.ReLU(threshold=0.2)(x)
    x = L.LayerNormalization()(x)
    x = L.MaxPooling2D(2)(x)
    x = L.AveragePooling2D(2)(x)
    x = L.GlobalAveragePooling2D(keepdims=True)(x)
    x = L.Conv2D(4, 1, kernel_regularizer=keras.regularizers.L1(1e-3), kernel_constraint=keras.constraints.MaxNorm(2))(x)
    x = L.Flatten()(x)
    x = L.GaussianNoise(0.1)(x)
    x = L.AlphaDropout(0.1)(x)
    x = L.Reshape((2, 2))(x)
    x = L.Permute((2, 1))(x)
    x = L.Softmax()(x)
    x = L.Rescaling(0.5, offset=-1.0)(x)
    return keras.Model(inputs, L.Dense(3, kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02))(L.Flatten()(x)))


def merges():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = L.Subtract()([a, b])
    y = L.Maximum()([L.Minimum()([a, b]), x])
    z = L.Average()([x, y, a])
    d = L.Dot(axes=1)([a, b])
    return keras.Model([a, b], [L.Concatenate()([x, z, d]), L.Multiply()([x, L.Identity()(y)] if hasattr(L, "Identity") else [x, y])])


def encoder(name):
    inputs = keras.Input((6, 6, 3))
    x = L.Conv2D(4, 3, name="conv")(inputs)
    x = L.BatchNormalization(name="bn")(x)
    return keras.Model(inputs, L.Dropout(0.2, name="drop")(x), name=name)


def nested():
    inputs = keras.Input((6, 6, 3))
    one, two = encoder("one"), encoder("two")
    tail = keras.Sequential([keras.Input((4, 4, 4)), L.Flatten(name="flat"), L.Dense(3, name="dense")], name="tail")
    x = one(inputs, training=False)
    y = two(L.Activation("relu")(inputs))
    z = one(L.Activation("tanh")(inputs), training=False)
    return keras.Model(inputs, [tail(x), tail(L.Add()([y, z]))])


def nested_in_sequential():
    return keras.Sequential([keras.Input((6, 6, 3)), encoder("inner"), L.GlobalMaxPooling2D(keepdims=True), L.Conv2D(2, 1)])


def recurrent():
    inputs = keras.Input((5, 3))
    x = L.Bidirectional(L.LSTM(4, return_sequences=True))(inputs)
    x = L.TimeDistributed(L.Dense(3, activation="relu"))(x)
    x = L.GRU(4, return_sequences=True, reset_after=False)(x)
    x = L.Bidirectional(L.SimpleRNN(2, return_sequences=True), merge_mode="sum")(x)
    return keras.Model(inputs, L.LSTM(3)(x))


def gru():
    inputs = keras.Input((5, 3))
    return keras.Model(inputs, L.GRU(4)(inputs))


def recurrent_hard():
    inputs = keras.Input((5, 3))
    return keras.Model(inputs, L.LSTM(4, recurrent_activation="hard_sigmoid")(inputs))


def convlstm():
    inputs = keras.Input((3, 6, 6, 2))
    return keras.Model(inputs, L.ConvLSTM2D(3, 3, recurrent_activation="sigmoid")(inputs))


def embedding():
    inputs = keras.Input((7,), dtype="int32")
    x = L.Embedding(20, 4, mask_zero=False)(inputs)
    x = L.Conv1D(3, 3, activation="relu")(x)
    x = L.MaxPooling1D(2)(x)
    return keras.Model(inputs, L.GlobalAveragePooling1D()(x))


def operations():
    inputs = keras.Input((6, 6, 4))
    x = L.Conv2D(4, 3, padding="same", name="conv")(inputs)
    y = (x * 2.0 + 1.0) - 0.5
    y = 1.0 - y / 4.0
    y = -y
    if IS_2:
        y = tf.nn.relu6(tf.nn.relu(y) + tf.sigmoid(x))
        y = tf.concat([y, x], axis=-1)
        s = tf.reduce_mean(y, axis=[1, 2], keepdims=True)
        y = tf.nn.leaky_relu(tf.multiply(y, s) - y, alpha=0.1)
        y = keras.activations.hard_sigmoid(keras.activations.swish(y)) if False else tf.nn.silu(y)
        y = tf.reshape(tf.reduce_mean(y, [1, 2]), (-1, 2, 4))
    else:
        o = keras.ops
        y = o.relu6(o.relu(y) + o.sigmoid(x))
        y = o.concatenate([y, x], axis=-1)
        s = o.mean(y, axis=[1, 2], keepdims=True)
        y = o.leaky_relu(o.multiply(y, s) - y, negative_slope=0.1)
        y = o.hard_silu(o.silu(y))
        y = o.reshape(o.mean(y, axis=[1, 2]), (-1, 2, 4))
    return keras.Model(inputs, L.Dense(3, name="head")(y))


def unknown_operation():
    inputs = keras.Input((6, 6, 4))
    return keras.Model(inputs, tf.cumsum(inputs, 1) if IS_2 else keras.ops.cumsum(inputs, 1))


def slashes():
    inputs = keras.Input((6, 6, 3), name="input")
    x = L.Conv2D(4, 3, name="block/conv" if IS_2 else "block.conv")(inputs)
    x = L.Conv2D(4, 3, name="block_conv")(x)
    return keras.Model(inputs, L.Dense(2, name="a/b" if IS_2 else "a b>c")(x))


def deferred():
    model = keras.Sequential([L.Dense(4, activation="relu"), L.Dense(2)])
    model.build((None, 5))
    return model


def implicit():
    return keras.Sequential([L.Dense(4, activation="relu", input_shape=(5,)), L.Dense(2)])


def thresholded():
    inputs = keras.Input((8,))
    return keras.Model(inputs, L.Dense(2)(L.ThresholdedReLU(0.5)(inputs)))


def channels_first():
    inputs = keras.Input((3, 8, 8))
    x = L.BatchNormalization(axis=1)(inputs)
    x = L.GlobalAveragePooling2D(data_format="channels_first", keepdims=True)(x)
    return keras.Model(inputs, L.Flatten()(x))


def half():
    inputs = keras.Input((6, 6, 3))
    x = L.Conv2D(4, 3, dtype="mixed_float16")(inputs)
    return keras.Model(inputs, L.Dense(2, dtype="float32")(x))


def lambda_layer():
    inputs = keras.Input((4,))
    return keras.Model(inputs, L.Lambda(lambda x: x * 2)(inputs))


def attention():
    inputs = keras.Input((5, 6))
    return keras.Model(inputs, L.MultiHeadAttention(2, 3)(inputs, inputs))


def normalization():
    inputs = keras.Input((4,))
    return keras.Model(inputs, L.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 2.0])(inputs))


def grouped():
    inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, L.Conv2D(4, 3, groups=2)(inputs))


def dilated():
    inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, L.DepthwiseConv2D(3, dilation_rate=2)(inputs))


def bilinear():
    inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, L.UpSampling2D(2, interpolation="bilinear")(inputs))


def orthogonal():
    inputs = keras.Input((4,))
    regularizer = keras.regularizers.OrthogonalRegularizer(0.01)
    return keras.Model(inputs, L.Dense(4, kernel_regularizer=regularizer, kernel_initializer="lecun_uniform")(inputs))


CASES = {
    name.lower(): application(name)
    for name in "ResNet50 ResNet50V2 VGG16 MobileNet MobileNetV2 InceptionV3 InceptionResNetV2 DenseNet121 Xception NASNetMobile EfficientNetB0 EfficientNetV2B0 EfficientNetV2S ConvNeXtTiny".split()
}
CASES["mobilenetv3small"] = application("MobileNetV3Small")
CASES["mobilenetv3large"] = application("MobileNetV3Large")
if IS_2:
    CASES["regnetx002"] = application("RegNetX002")
    CASES["thresholded"] = thresholded
else:
    CASES["sequential_split"] = sequential_split
    CASES["new_activations"] = activations("hard_sigmoid", "hard_silu", "hard_swish")
    CASES["newest_activations"] = activations("squareplus")
CASES |= {
    "old_activations": activations("hard_sigmoid", "relu", "relu6", "silu", "swish", "leaky_relu", "elu", "selu", "gelu"),
    "more_activations": activations("mish", "softplus", "softsign", "tanh", "linear", "log_softmax", "sigmoid", "softmax"),
    "exponential": activations("exponential"),
    **{
        each.__name__: each
        for each in [
            sequential_activations, layer_as_activation, pieces, merges, nested, nested_in_sequential, recurrent, gru,
            recurrent_hard, convlstm, embedding, operations, unknown_operation, slashes, deferred, implicit,
            channels_first, half, lambda_layer, attention, normalization, grouped, dilated, bilinear, orthogonal,
        ]
    },
}


def layers_of(model, path=()):
    for layer in model.layers:
        if hasattr(layer, "layers") and hasattr(layer, "input_names" if IS_2 else "output_names"):
            yield from layers_of(layer, (*path, layer.name))
        elif hasattr(layer, "get_weights"):
            yield (*path, layer.name), layer


def randomise(layer, random):
    values = []
    for variable, value in zip(layer.weights, layer.get_weights()):
        if value.dtype.kind != "f":
            values.append(value)
            continue
        scale = 1 / np.sqrt(max(np.prod(value.shape[:-1]), 1)) if value.ndim > 1 else 0.2
        new = random.normal(0, scale, value.shape).astype(value.dtype)
        if "gamma" in variable.name or "variance" in variable.name:
            new = np.abs(new) + 1
        values.append(new.astype(value.dtype))
    layer.set_weights(values)
    return values


def write(name, make):
    keras.backend.clear_session()
    random = np.random.default_rng(zlib.crc32(name.encode()))
    model = make()
    path = os.path.join(FOLDER, f"{DIALECT}.{name}")
    index, blob = [], []
    for layer_path, layer in layers_of(model):
        values = randomise(layer, random)
        for variable, value in zip(layer.weights, values):
            index.append({"layer": list(layer_path), "name": variable.name, "shape": list(value.shape), "dtype": str(value.dtype)})
            blob.append(value.astype("float32").tobytes())
    inputs = []
    for tensor in model.inputs:
        shape = [2, *[size or 8 for size in tensor.shape[1:]]]
        whole = "int" in str(tensor.dtype)
        inputs.append(random.integers(0, 9, shape).astype("int32") if whole else random.normal(0, 1, shape).astype("float32"))
    given = inputs if len(inputs) > 1 else inputs[0]
    outputs = model(given, training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    with open(f"{path}.json", "w") as file:
        file.write(model.to_json())
    with open(f"{path}.bin", "wb") as file:
        file.write(b"".join(blob))
    with open(f"{path}.weights.json", "w") as file:
        json.dump({"weights": index, "params": model.count_params()}, file)
    for end, arrays in (("in", inputs), ("out", [np.array(each) for each in outputs])):
        with open(f"{path}.{end}.json", "w") as file:
            json.dump([{"shape": list(a.shape), "dtype": str(a.dtype), "values": a.astype("float64").ravel().tolist()} for a in arrays], file)


os.makedirs(FOLDER, exist_ok=True)
for name, make in CASES.items():
    if WANTED and name not in WANTED:
        continue
    try:
        write(name, make)
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {str(error)[:300]}")
