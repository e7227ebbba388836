"""Goes on with a retrofitted model in Keras on TensorFlow, on several machines: only the SE modules learn.

    TF_CONFIG='{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}' \\
        python finetune_tensorflow.py MODEL.keras IMAGES OUT.keras

Started once on each machine, with its own index; all of them see the same IMAGES, one folder of images a class, in the order
of the output units. Each worker computes its share of a batch, and they add up their gradients
(`tf.distribute.MultiWorkerMirroredStrategy`). The first one writes OUT.keras."""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import tensorflow as tf

from modules import arguments, freeze_all_but_modules, images, report


def main():
    # Before anything else is made: the workers find each other here.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    import keras

    options = arguments(__doc__)
    with strategy.scope():
        model = keras.models.load_model(options.model)
        modules = freeze_all_but_modules(model)
        optimizer = keras.optimizers.Adam(options.learning_rate)
        optimizer.build(model.trainable_weights)
        loss_of = keras.losses.SparseCategoricalCrossentropy(reduction=None)
    data = strategy.experimental_distribute_dataset(sharded(images(keras, options, model)))

    # Keras' own fit takes batches of several workers for tensors and fails (Keras 3.15).
    @tf.function
    def step(batch, learns):
        def on_worker(x, y):
            with tf.GradientTape() as tape:
                losses = loss_of(y, model(x, training=learns))
                loss = tf.nn.compute_average_loss(losses, global_batch_size=options.batch)
            if learns:
                weights = model.trainable_weights
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            return loss

        return strategy.reduce("SUM", strategy.run(on_worker, args=batch), axis=None)

    def epoch(learns):
        losses = [float(step(batch, learns)) for batch in data]
        return {"loss": sum(losses) / len(losses)}

    before = epoch(learns=False)
    for number in range(options.epochs):
        print(f"epoch {number + 1} of {options.epochs}: loss {epoch(learns=True)['loss']:.4f}", flush=True)
    after = epoch(learns=False)
    if is_first():
        model.save(options.output)
        report(devices=strategy.num_replicas_in_sync, modules=modules, before=before, after=after)


def sharded(data):
    """Each worker reads all images and keeps its share of each batch: there need not be a file for each."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return data.with_options(options)


def is_first():
    return json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {"index": 0})["index"] == 0


if __name__ == "__main__":
    main()
