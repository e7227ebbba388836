"""One of the Kerases: argv[1] is tf.keras, keras or tf_keras. All of this folder runs in Python 3.7 and TensorFlow 2.1 too."""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf

# One thread: sums are then always taken in the same order.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

if sys.argv[1] == "tf.keras":
    keras = tf.keras
    VERSION = tf.__version__
else:
    keras = __import__(sys.argv[1])
    VERSION = keras.__version__
IS_KERAS_3 = VERSION.startswith("3.")


def one_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ("%s: %s" % (type(error).__name__, " ".join(lines)))[:400]


def flatten(structure):
    if isinstance(structure, dict):
        return [structure[key] for key in sorted(structure)]
    return list(structure) if isinstance(structure, (list, tuple)) else [structure]


def run(model, inputs):
    """Eagerly: layer by layer, as nothing but the layers themselves computes."""
    tensors = [tf.constant(value) for value in inputs]
    return [np.asarray(value) for value in flatten(model(tensors[0] if len(tensors) == 1 else tensors, training=False))]
