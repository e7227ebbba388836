"""judge_in_keras.py MODEL PIXELS SIDE CHANNELS: the numbers of the pictures that a model gets wrong, as JSON.

Pixels are bytes of grey, one picture after the other; the label of each comes in as JSON."""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

path, pixels, side, channels = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
labels = np.array(json.load(sys.stdin))
grey = np.fromfile(pixels, np.uint8).reshape(len(labels), side, side, 1)
model = keras.models.load_model(path, compile=False)
wrong = []
for start in range(0, len(labels), 100):
    images = np.repeat(grey[start : start + 100].astype(np.float32) / np.float32(255), channels, axis=-1)
    found = np.argmax(model.predict_on_batch(images), axis=-1)
    wrong += (start + np.flatnonzero(found != labels[start : start + 100])).tolist()
print(json.dumps(wrong))
