"""One of the Kerases, quiet and deterministic: what the rest of the oracle needs of it, under the same names for all."""

import gc
import os
import re
import zlib

KINDS = ("keras2", "keras3", "keras3-jax")

# Before any of the libraries is imported. One thread and no oneDNN: sums are then always taken in the same order.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"


def import_libraries(kind):
    """TensorFlow, where this Keras computes with it, and Keras."""
    tf = None
    if kind == "keras3-jax":
        os.environ["KERAS_BACKEND"] = "jax"
    else:
        import tensorflow as tf
    if kind == "keras2":
        import tf_keras as keras
    else:
        import keras
    return tf, keras


class Keras:
    """`keras` and `layers` are the modules themselves; `version` is 2 or 3."""

    def __init__(self, kind):
        self.kind = kind
        self.version = 2 if kind == "keras2" else 3
        self.tf, self.keras = import_libraries(kind)
        if self.tf is not None:
            self.tf.config.threading.set_intra_op_parallelism_threads(1)
            self.tf.config.threading.set_inter_op_parallelism_threads(1)
            self.tf.config.experimental.enable_op_determinism()
        self.layers = self.keras.layers
        self.reset()
        # Every reset collects garbage: the libraries' own 340,000 objects need not be looked through each time.
        gc.collect()
        gc.freeze()

    def reset(self, seed=0):
        """Automatic layer names count from the start again, float32 is the policy, random numbers repeat."""
        if self.version == 2:
            self.keras.backend.clear_session()
            self.keras.mixed_precision.set_global_policy("float32")
            # The models with code in them are our own.
            self.keras.__internal__.enable_unsafe_deserialization()
        else:
            self.keras.utils.clear_session()
            self.keras.config.set_dtype_policy("float32")
            # Reset with the session.
            self.keras.config.enable_unsafe_deserialization()
        self.keras.utils.set_random_seed(seed)

    def set_policy(self, name):
        if self.version == 2:
            self.keras.mixed_precision.set_global_policy(name)
        else:
            self.keras.config.set_dtype_policy(name)

    # Operations that become layers of their own: TFOpLambda in Keras 2, keras.src.ops in Keras 3.

    def relu(self, x):
        return self.tf.nn.relu(x) if self.version == 2 else self.keras.ops.relu(x)

    def mean(self, x, axis, keepdims=False):
        if self.version == 2:
            return self.tf.reduce_mean(x, axis=axis, keepdims=keepdims)
        return self.keras.ops.mean(x, axis=axis, keepdims=keepdims)

    def register(self, package):
        if self.version == 2:
            return self.keras.utils.register_keras_serializable(package=package)
        return self.keras.saving.register_keras_serializable(package=package)

    def flatten(self, structure):
        return self.tf.nest.flatten(structure) if self.version == 2 else self.keras.tree.flatten(structure)

    def pack(self, structure, flat):
        if self.version == 2:
            return self.tf.nest.pack_sequence_as(structure, flat)
        return self.keras.tree.pack_sequence_as(structure, flat)

    def is_model(self, layer):
        return isinstance(layer, self.keras.Model)

    def numpy(self, tensor):
        """Any tensor's values; bfloat16, which numpy does not know, as float32, which holds it exactly."""
        import numpy as np

        values = np.asarray(tensor.numpy() if self.version == 2 else self.keras.ops.convert_to_numpy(tensor))
        return values.astype(np.float32) if values.dtype.name == "bfloat16" else values


def list_variables(K, model):
    """Every variable by `<layer>/.../<variable>`, the same key in each Keras: [(key, variable)], inner models walked through."""
    found, seen = [], set()

    def add(layer, path):
        # The words of a lookup are among the weights of Keras 2, and are no variable.
        variables = [each for each in layer.weights if hasattr(each, "name")] if K.version == 2 else layer.variables
        for variable in variables:
            key = "/".join([*path, layer.name, relative_name(K, layer, variable)])
            # Layers within a layer may use one name twice.
            count = sum(1 for other, _ in found if other.split("#")[0] == key)
            found.append((f"{key}#{count + 1}" if count else key, variable))

    def walk(container, path):
        for layer in container.layers:
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            if K.is_model(layer):
                walk(layer, [*path, layer.name])
            else:
                add(layer, path)

    walk(model, [])
    return found


def relative_name(K, layer, variable):
    name = variable.name.removesuffix(":0") if K.version == 2 else variable.path
    _, scope, rest = f"/{name}".partition(f"/{layer.name}/")
    if rest == "kernel" and type(layer).__name__.startswith("DepthwiseConv"):
        rest = "depthwise_kernel"  # Keras 3 calls it a kernel like any other
    # Seed generators are counted through the whole session.
    return re.sub(r"seed_generator(_\d+)?", "seed_generator", rest if scope else name)


def randomise(K, model, seed):
    """Random weights and random batch norm statistics, so that a gamma of one or a mean of zero hides nothing.

    The numbers depend on the seed and the variable's key alone: both Kerases get the same ones."""
    import numpy as np

    for key, variable in list_variables(K, model):
        name, shape = key.split("#")[0].split("/")[-1], tuple(variable.shape)
        rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
        if name in ("gamma", "scale", "moving_variance"):
            values = rng.uniform(0.5, 1.5, shape)
        elif name in ("beta", "moving_mean"):
            values = rng.normal(0, 0.2, shape)
        elif name == "bias":
            values = rng.normal(0, 0.1, shape)
        elif name == "alpha":
            values = rng.uniform(0.05, 0.4, shape)
        elif name.endswith("kernel"):
            inputs = np.prod(shape[:-2] if name == "depthwise_kernel" else shape[:-1])
            # Dense layers less: a saturated softmax would hide differences.
            values = rng.normal(0, np.sqrt((0.2 if len(shape) == 2 else 2) / inputs), shape)
        else:
            continue
        values = values.astype(np.float32)
        variable.assign(K.tf.cast(values, variable.dtype) if K.version == 2 else values)
