"""Goes on with a retrofitted model in Keras 3 on JAX, on every device of this machine: only the SE modules learn.

    python finetune_jax.py MODEL.keras IMAGES OUT.keras

IMAGES holds one folder of images a class, in the order of the output units. Every device gets its share of each batch and
keeps a copy of the model (`keras.distribution.DataParallel`)."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from modules import arguments, freeze_all_but_modules, images, report


def main():
    options = arguments(__doc__)
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))

    model = keras.models.load_model(options.model)
    modules = freeze_all_but_modules(model)
    model.compile(
        optimizer=keras.optimizers.Adam(options.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    data = images(keras, options, model)
    before = model.evaluate(data, return_dict=True, verbose=0)
    model.fit(data, epochs=options.epochs, verbose=2)
    after = model.evaluate(data, return_dict=True, verbose=0)
    model.save(options.output)
    report(devices=len(devices), modules=modules, before=before, after=after)


if __name__ == "__main__":
    main()
