"""What a user of Keras would run instead: keras-compute.py predict|modules|all MODEL IMAGES COUNT BATCH

Reads the first COUNT images of a folder of classes, scaled as se-retrofit does it, and predicts, or trains one epoch.
Says on descriptor 3 its peak memory in KiB, and the milliseconds an image of a second prediction, which compiles nothing: its
start varies by more than some images take.
"""

import json
import os
import resource
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

work, path, folder, count, batch = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
model = keras.models.load_model(path, compile=False)
height, width = model.input_shape[1:3]
names = sorted(os.listdir(folder))
files = [(f"{folder}/{name}/{file}", label) for label, name in enumerate(names) for file in sorted(os.listdir(f"{folder}/{name}"))]
files = files[:count]
images = np.stack(
    [
        tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(file), 3), (height, width), "bicubic").numpy() / 255
        for file, _ in files
    ]
)
labels = np.array([label for _, label in files])

if work == "predict":
    model.predict(images, batch_size=batch, verbose=0)
    started = time.perf_counter()
    model.predict(images, batch_size=batch, verbose=0)
    warm = 1000 * (time.perf_counter() - started) / count
else:
    for layer in model.layers:
        layer.trainable = work == "all" or layer.name.startswith("se_")
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer=keras.optimizers.Adam(1e-6), loss=loss, metrics=["accuracy"])
    # As tune does: how good it is before and after each epoch.
    model.evaluate(images, labels, batch_size=batch, verbose=0)
    model.fit(images, labels, batch_size=batch, epochs=1, validation_data=(images, labels), verbose=0)
    model.save(sys.argv[6])
    warm = None

os.write(3, json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, warm]).encode())
