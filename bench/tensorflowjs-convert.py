"""tensorflowjs_converter from the h5 format of Keras to a layers model, without what it imports and does not use for that.

Version 4.22.0 imports, whatever it is asked to convert: tensorflow_decision_forests, which has no release for the TensorFlow of today;
tensorflow_hub; and jax.experimental.jax2tf, which JAX no longer has. Empty modules stand in for them; numpy gets back two
names that it dropped.

    PYTHONPATH=FOLDER python bench/tensorflowjs-convert.py IN OUT    FOLDER: where pip installed tensorflowjs==4.22.0 --no-deps"""

import os
import sys
from unittest import mock

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy  # noqa: E402

for name in ("tensorflow_decision_forests", "tensorflow_hub", "jax.experimental.jax2tf"):
    sys.modules[name] = mock.MagicMock()
for name in ("bool", "object"):
    if name not in vars(numpy):
        setattr(numpy, name, {"bool": bool, "object": object}[name])

from tensorflowjs.converters import converter  # noqa: E402

converter.convert(["--input_format", "keras", "--output_format", "tfjs_layers_model", *sys.argv[1:]])
