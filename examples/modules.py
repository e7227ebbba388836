"""What the examples share: their arguments, their images, and which layers learn."""

import argparse
import json


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model that se-retrofit wrote")
    parser.add_argument("images", help="a folder with one folder of images a class")
    parser.add_argument("output", help="where the trained model goes")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32, help="images in a batch, all devices together")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    return parser.parse_args()


def freeze_all_but_modules(model):
    """Lets the layers of SE modules learn, those in nested models too, and nothing else; gives their names.

    A batch norm that does not learn stays in inference mode in Keras, so the old network computes what it did."""
    learning = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            learning += freeze_all_but_modules(layer)
        else:
            layer.trainable = layer.name.startswith("se_")
            learning += [layer.name] if layer.trainable and layer.weights else []
    return learning


def images(keras, options, model):
    """Batches of images of the size that the model takes, pixels from 0 to 1. The last batch is left out if it is not full:
    the devices share a batch evenly."""
    height, width, channels = model.input_shape[1:]
    data = keras.utils.image_dataset_from_directory(
        options.images,
        image_size=(height or 224, width or 224),
        color_mode="grayscale" if channels == 1 else "rgb",
        batch_size=None,
        seed=1,
    )
    return data.map(lambda image, label: (image / 255, label)).batch(options.batch, drop_remainder=True)


def report(**facts):
    """One line that programs read."""
    print(json.dumps(facts), flush=True)
