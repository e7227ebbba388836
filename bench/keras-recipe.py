"""What people do in Keras 3 to put SE modules into a trained network: load it, clone it with the modules, copy the weights
by name, save it. The clone does not compute what the network did before it is trained; that costs nothing here.

    python bench/keras-recipe.py IN OUT NAMES    NAMES: the layers that get a module behind them; prints {"peakMegabytes"}"""

import json
import os
import resource
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras  # noqa: E402

RATIO = 16
source, target, names = sys.argv[1:]
places = set(names.split(","))


def squeeze_and_excite(name, features):
    channels = features.shape[-1]
    gate = keras.layers.GlobalAveragePooling2D(name=f"{name}_squeeze")(features)
    gate = keras.layers.Dense(max(2, channels // RATIO), activation="relu", use_bias=False, name=f"{name}_reduce")(gate)
    gate = keras.layers.Dense(channels, activation="sigmoid", use_bias=False, name=f"{name}_expand")(gate)
    gate = keras.layers.Reshape((1, 1, channels), name=f"{name}_reshape")(gate)
    return keras.layers.Multiply(name=f"{name}_scale")([features, gate])


def call(layer, *args, **kwargs):
    output = layer(*args, **kwargs)
    return squeeze_and_excite(f"se_{layer.name}", output) if layer.name in places else output


model = keras.models.load_model(source, compile=False)
clone = keras.models.clone_model(model, call_function=call)
for layer in model.layers:
    clone.get_layer(layer.name).set_weights(layer.get_weights())
clone.save(target)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps({"peakMegabytes": peak}))
