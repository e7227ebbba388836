"""The requests of the oracle: what real Keras says of saved models. A model is a path (.h5, .keras) or {"json", "weights"}.

oracle.ts has the type and the meaning of every request. JSON has no infinity and no NaN: such a number is null."""

import base64
import hashlib
import importlib.metadata
import json
import math
import os

import numpy as np

import catalogue
from kerases import list_variables, randomise
from saved_files import differences, text_kinds


def versions(K):
    names = ("keras", "tf-keras", "tensorflow-cpu", "tensorflow", "jax", "h5py", "numpy")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return {"kind": K.kind, "keras": K.keras.__version__, "packages": found}


# Loading and saving


def load_model(K, reference, custom=False, compile=False):
    K.reset()
    objects = catalogue.custom_objects(K) if custom else None
    if isinstance(reference, str):
        return K.keras.models.load_model(reference, custom_objects=objects, compile=compile, safe_mode=False)
    with open(reference["json"], encoding="utf-8") as file:
        model = K.keras.models.model_from_json(file.read(), custom_objects=objects)
    if not model.built:
        # As people do who load such a file: a Sequential without any shape has no variables before it is called.
        model.build((None, 16, 16, 3))
    model.load_weights(reference["weights"])
    return model


# The model that was made or asked last, by its files, and when each of them was written.
LAST = {}


def remember(model, paths, custom):
    LAST.clear()
    # A folder, and a checkpoint's prefix, have no time of their own that tells.
    files = [path for path in paths if os.path.isfile(path)]
    LAST.update({(os.path.abspath(path), custom): (model, os.stat(path).st_mtime_ns) for path in files})


def original(K, reference, custom=False):
    """A model that others are compared with: several are, one after the other, and it is made or loaded once for all of them,
    as long as its file stays as it is. Training changes a model, so that it is forgotten (see run)."""
    path = reference if isinstance(reference, str) else reference["weights"]
    model, written = LAST.get((os.path.abspath(path), custom), (None, None))
    if model is None or os.stat(path).st_mtime_ns != written:
        model = load_model(K, reference, custom)
        remember(model, [path], custom)
    return model


def save_model(K, model, path):
    """The extension says as what: .h5, .keras, .weights.h5, .legacy.h5 (weights alone, the old layout), .json; .weights.json
    is the list of a few shards, .tf a SavedModel folder, .traced.tf one as Keras writes it by default, .ckpt the prefix of a
    checkpoint."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    if path.endswith(".weights.json"):
        sizes = [8 * math.prod(variable.shape) for variable in model.variables]
        model.save_weights(path, max_shard_size=max(*sizes, sum(sizes) / 8) / 2**30)
    elif path.endswith(".json"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(model.to_json())
    elif path.endswith(".legacy.h5"):
        save_legacy_weights(K, model, path)
    elif path.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.endswith(".ckpt"):
        model.save_weights(path, save_format="tf")
    elif path.endswith(".tf"):
        # Traces of the functions take most of the time; with them stand lists of each layer's variables.
        model.save(path, save_format="tf", save_traces=path.endswith(".traced.tf"))
    elif K.version == 2:
        model.save(path, save_format="keras" if path.endswith(".keras") else "h5")
    else:
        model.save(path)


def save_legacy_weights(K, model, path):
    if K.version == 2:
        model.save_weights(path, save_format="h5")
        return
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


# Running


def structure_of(model, side):
    """How the inputs or outputs are held together; None for a single tensor."""
    for name in (f"_{side}_struct", f"_nested_{side}"):
        structure = getattr(model, name, None)
        if structure is not None:
            return structure
    return None


def pack(K, model, side, flat):
    structure = structure_of(model, side)
    if structure is None:
        return flat[0] if len(flat) == 1 else flat
    return K.pack(structure, flat)


def input_specs(K, model, shapes=None, batch=2, open_size=32):
    """[(shape, dtype)] of the inputs, with sizes in the place of unknown ones."""
    if shapes is not None:
        return [(tuple(shape), "float32") for shape in shapes]
    try:
        tensors = model.inputs
    except (AttributeError, ValueError):
        tensors = None
    if not tensors:
        # A Sequential without an Input knows what it was built with.
        shape = getattr(model, "_build_input_shape", None) or model.get_build_config()["input_shape"]
        return [((batch, *(size or open_size for size in tuple(shape)[1:])), "float32")]
    return [
        ((batch, *(size or open_size for size in tuple(tensor.shape)[1:])), str(getattr(tensor.dtype, "name", tensor.dtype)))
        for tensor in tensors
    ]


def seeded_inputs(specs, seed, scale=1.0):
    inputs = []
    for index, (shape, dtype) in enumerate(specs):
        rng = np.random.default_rng([seed, index])
        if dtype.startswith(("int", "uint")):
            inputs.append(rng.integers(0, 2, shape).astype(dtype))
        else:
            # bfloat16 is no type of numpy's; Keras casts.
            kind = dtype if dtype in ("float16", "float64") else "float32"
            inputs.append((rng.normal(size=shape) * scale).astype(kind))
    return inputs


def run(K, model, inputs, mode, batch=32):
    """The outputs as a flat list of arrays. eager: layer by layer; predict: as compiled; training: batch statistics."""
    if mode == "predict":
        outputs = model.predict(pack(K, model, "inputs", inputs), batch_size=batch, verbose=0)
        return [np.asarray(value) for value in K.flatten(outputs)]
    if mode == "training":
        LAST.clear()
    if K.version == 2:
        inputs = [K.tf.constant(value) for value in inputs]
    else:
        inputs = [K.keras.ops.convert_to_tensor(value) for value in inputs]
    outputs = model(pack(K, model, "inputs", inputs), training=mode == "training")
    return [K.numpy(value) for value in K.flatten(outputs)]


def output_names(K, model, count):
    for holder in (model, getattr(model, "_functional", None)):
        try:
            names = holder.output_names
        except (AttributeError, ValueError):
            continue
        if names and len(names) == count:
            return list(names)
    return [f"output_{index}" for index in range(count)]


def finite_or_none(number):
    return float(number) if math.isfinite(number) else None


def difference(before, after):
    """The largest absolute difference; 0 only where every bit is the same or both are zero."""
    if before.shape != after.shape:
        raise ValueError(f"an output of the shape {before.shape} became one of the shape {after.shape}")
    before, after = before.astype(np.float64), after.astype(np.float64)
    with np.errstate(invalid="ignore"):
        same = (before == after) | (np.isnan(before) & np.isnan(after))
        gaps = np.where(same, 0.0, np.abs(before - after))
    return float("inf") if np.isnan(gaps).any() else float(gaps.max(initial=0.0))


def compare(
    K, before, after, seed=1, modes=("eager", "predict"), custom=False, batch=2, openSize=32, scale=1.0, inputShapes=None,
    weights=False,
):  # fmt: skip
    first, second = original(K, before, custom), load_model(K, after, custom)
    # Before anything trains.
    weights_compared = {"weights": weights_between(K, first, second)} if weights else {}
    specs = input_specs(K, first, inputShapes, batch, openSize)
    if inputShapes is None and (others := input_specs(K, second, None, batch, openSize)) != specs:
        raise ValueError(f"inputs {specs} became {others}")
    inputs = seeded_inputs(specs, seed, scale)
    # Training moves the batch norm statistics, so it comes last.
    ran = {mode: (run(K, first, inputs, mode), run(K, second, inputs, mode)) for mode in sorted(modes)}
    left, right = next(iter(ran.values()))
    if len(left) != len(right):
        raise ValueError(f"{len(left)} outputs became {len(right)}")
    names = zip(output_names(K, first, len(left)), output_names(K, second, len(right)))
    outputs = [
        {
            "before": old,
            "after": new,
            "shape": list(left[index].shape),
            **{mode: finite_or_none(difference(a[index], b[index])) for mode, (a, b) in ran.items()},
            **compiler_rounding(ran, index),
            "finite": all(bool(np.isfinite(values[index]).all()) for pair in ran.values() for values in pair),
            "largest": finite_or_none(np.abs(left[index]).max(initial=0)),
            # Zeros and ones of a saturated softmax would hide a difference.
            "varied": len(np.unique(left[index])) > min(left[index].size - 1, 2),
        }
        for index, (old, new) in enumerate(names)
    ]
    return {"outputs": outputs, **weights_compared}


def compiler_rounding(ran, index):
    """How far `predict` takes the first model from its own eager numbers."""
    if not {"eager", "predict"} <= set(ran):
        return {}
    return {"rounding": finite_or_none(difference(ran["eager"][0][index], ran["predict"][0][index]))}


def outputs(K, model, inputs=None, seed=1, mode="eager", custom=False, batch=2, openSize=32, scale=1.0, training=False):
    """Inputs are [{"shape", "base64"}] of float32; without them they are made from the seed and given back. `training`: what
    comes out in training mode too."""
    loaded = original(K, model, custom)
    if inputs is None:
        values = seeded_inputs(input_specs(K, loaded, None, batch, openSize), seed, scale)
    else:
        values = [decode(tensor) for tensor in inputs]
    results = run(K, loaded, values, mode)
    names = output_names(K, loaded, len(results))
    return {
        "inputs": [encode(value) for value in values],
        "outputs": [{"name": name, **encode(value)} for name, value in zip(names, results)],
        "structure": plain(pack(K, loaded, "outputs", list(range(len(results))))),
        **({"trained": [encode(value) for value in run(K, loaded, values, "training")]} if training else {}),
    }


def plain(structure):
    """Keras' own dictionaries and lists as Python's."""
    if hasattr(structure, "items"):
        return {key: plain(value) for key, value in structure.items()}
    return structure if isinstance(structure, int) else [plain(value) for value in structure]


def encode(values):
    raw = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return {"shape": list(values.shape), "base64": base64.b64encode(raw).decode("ascii")}


def decode(tensor):
    return np.frombuffer(base64.b64decode(tensor["base64"]), "<f4").reshape(tensor["shape"]).copy()


# Looking


def layer_tree(K, container):
    return [
        {"name": layer.name, "className": type(layer).__name__, "trainable": bool(layer.trainable),
         **({"layers": layer_tree(K, layer)} if K.is_model(layer) else {})}
        for layer in container.layers
    ]  # fmt: skip


def layers(K, model, custom=False):
    return layer_tree(K, load_model(K, model, custom))


def describe_model(K, model):
    specs = input_specs(K, model, batch=1, open_size=0)
    optimizer = getattr(model, "optimizer", None)
    return {
        "name": model.name,
        "className": type(model).__name__,
        "layers": len(model.layers),
        "params": int(sum(np.prod(tuple(variable.shape)) for variable in model.weights)),
        "trainable": bool(model.trainable),
        "inputs": [{"shape": [None, *(size or None for size in shape[1:])], "dtype": dtype} for shape, dtype in specs],
        "outputs": output_names(K, model, len(getattr(model, "outputs", None) or [0])),
        "compiled": optimizer is not None,
        "optimizerVariables": 0 if optimizer is None else len(read_attribute(optimizer, "variables")),
    }


def read_attribute(holder, name):
    """Keras 2's older optimizers have a method where newer ones have a property."""
    value = getattr(holder, name)
    return value() if callable(value) else value


def load(K, model, custom=False, compile=False):
    return describe_model(K, load_model(K, model, custom, compile))


def weights(K, model, custom=False):
    return {key: describe_variable(K, variable) for key, variable in list_variables(K, load_model(K, model, custom))}


def dtype_name(variable):
    return str(getattr(variable.dtype, "name", variable.dtype))


def describe_variable(K, variable):
    values = K.numpy(variable)
    return {
        "sha256": hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest(),
        "shape": list(values.shape),
        "dtype": dtype_name(variable),
        "trainable": bool(variable.trainable),
    }


def compareWeights(K, before, after, custom=False):
    return weights_between(K, original(K, before, custom), original(K, after, custom))


def weights_between(K, first, second):
    old = {key: (dtype_name(v), K.numpy(v)) for key, v in list_variables(K, first)}
    new = {key: (dtype_name(v), K.numpy(v)) for key, v in list_variables(K, second)}
    result = {"unchanged": [], "doubled": [], "halved": [], "other": []}
    for key in (key for key in old if key in new):
        result[relation(old[key], new[key])].append(key)
    return {**result, "added": [key for key in new if key not in old], "missing": [key for key in old if key not in new]}


def relation(before, after):
    (old_type, old), (new_type, new) = before, after
    if old_type != new_type or old.shape != new.shape:
        return "other"
    if old.tobytes() == new.tobytes():
        return "unchanged"
    if not np.issubdtype(old.dtype, np.floating):
        return "other"
    # By bits, so that -0 stays -0. A kernel between two sites is doubled for each.
    for name, factor in (("doubled", 2), ("doubled", 4), ("halved", 0.5)):
        if (old * old.dtype.type(factor)).tobytes() == new.tobytes():
            return name
    return "other"


def compareFiles(K, before, after, ignore=()):
    return {"differences": differences(before, after, ignore)}


def textKinds(K, path):
    return text_kinds(path)


# Training and saving


def fit(K, model, seed=1, steps=1, custom=False, useCompiled=False, batch=4, openSize=32):
    """Adam by the mean squared error of every output, or as the file says it was compiled; layer by layer, since one step
    is over long before a compiler is."""
    loaded = load_model(K, model, custom, compile=useCompiled)
    if useCompiled and getattr(loaded, "optimizer", None) is None:
        raise ValueError("the model is not compiled")
    if not useCompiled:
        loaded.compile(optimizer=K.keras.optimizers.Adam(1e-3), loss="mean_squared_error")
    loaded.run_eagerly = True
    inputs = seeded_inputs(input_specs(K, loaded, None, batch, openSize), seed)
    shapes = [value.shape for value in run(K, loaded, inputs, "eager")]
    rng = np.random.default_rng([seed, 1000])
    targets = [rng.random(shape) for shape in shapes]
    # Of the same sum everywhere, so that a cross entropy makes sense too.
    targets = [(value / value.sum(-1, keepdims=True)).astype(np.float32) for value in targets]
    before = {key: K.numpy(variable).copy() for key, variable in list_variables(K, loaded)}
    x, y = pack(K, loaded, "inputs", inputs), pack(K, loaded, "outputs", targets)
    history = loaded.fit(x, y, batch_size=batch, epochs=steps, shuffle=False, verbose=0)
    after = {key: K.numpy(variable) for key, variable in list_variables(K, loaded)}
    losses = [float(value) for value in history.history["loss"]]
    return {
        "loss": finite_or_none(losses[-1]),
        "finite": all(map(math.isfinite, losses)) and all(bool(np.isfinite(value).all()) for value in after.values()),
        "changed": [key for key in after if before[key].tobytes() != after[key].tobytes()],
        "unchanged": [key for key in after if before[key].tobytes() == after[key].tobytes()],
        "trainable": [key for key, variable in list_variables(K, loaded) if is_trained(K, loaded, variable)],
    }


def trainSteps(K, model, to, images, labels, batch, learningRate=1e-3, train="all", loss=None, layers=None):
    """Adam with a cosine decay over one pass, without shuffling; by the loss given, or by the one in the file, one-hot labels.
    train: all, modules, or still: some layers, while the model computes as in inference."""
    loaded = load_model(K, model, compile=loss is None)
    if train == "modules":
        set_trainable(K, loaded, lambda name: name.startswith("se_"))
    x, y = decode(images), np.array(labels)
    starts = range(0, len(y), batch)
    rate = K.keras.optimizers.schedules.CosineDecay(learningRate, len(starts))
    used = loaded.loss if loss is None else loss
    units = int(loaded.outputs[0].shape[-1])
    if loss is None and units > 1:
        y = np.eye(units, dtype="float32")[y]
    loaded.compile(optimizer=K.keras.optimizers.Adam(rate), loss=used)
    loaded.run_eagerly = True
    losses = []
    if train == "still":
        set_trainable(K, loaded, lambda name: name in layers)
        compute = K.keras.losses.get(used)
        for start in starts:
            with K.tf.GradientTape() as tape:
                shares = loaded(K.tf.constant(x[start : start + batch]), training=False)
                value = K.tf.reduce_mean(compute(y[start : start + batch], shares))
            gradients = tape.gradient(value, loaded.trainable_weights)
            loaded.optimizer.apply_gradients(zip(gradients, loaded.trainable_weights))
            losses.append(float(value))
        starts = []
    for start in starts:
        loaded.reset_metrics()
        losses.append(float(np.ravel(loaded.train_on_batch(x[start : start + batch], y[start : start + batch]))[0]))
    save_model(K, loaded, to)
    return {"losses": losses, "values": values(K, to)}


def set_trainable(K, container, chooses):
    for layer in container.layers:
        if K.is_model(layer):
            set_trainable(K, layer, chooses)
        else:
            layer.trainable = chooses(layer.name)


def values(K, model):
    return {key: encode(K.numpy(variable)) for key, variable in list_variables(K, load_model(K, model))}


def trainedAfter(K, model, code):
    """The variables that train when some lines of Python have been run on the model."""
    loaded = load_model(K, model)
    exec(code, {"model": loaded})  # noqa: S102
    return [key for key, variable in list_variables(K, loaded) if is_trained(K, loaded, variable)]


def is_trained(K, model, variable):
    return any(variable is other for other in model.trainable_weights)


def saveAgain(K, model, to, custom=False, compile=False):
    loaded = load_model(K, model, custom, compile)
    for path in to:
        save_model(K, loaded, path)
    return {"files": list(to)}


def gates(K, model, scales, inputs):
    """The gates of multiplications [{"path", "input"}] on some inputs, each by a model that ends there: [[a call's gates]].

    A path leads through nested models; whatever is called several times gives as many results."""
    loaded = load_model(K, model)
    values = [decode(tensor) for tensor in inputs]
    found = []
    for scale in scales:
        calls = list(gate_calls(K, loaded, values, scale["path"], scale["input"]))
        found.append([encode(call.reshape(call.shape[0], -1)) for call in calls])
    return found


def gate_calls(K, model, values, path, index):
    layer = model.get_layer(path[0])
    for tensors in read_by(K, model, layer):
        wanted = tensors if len(path) > 1 else [tensors[index]]
        ends = run(K, K.keras.Model(model.inputs, wanted), values, "eager")
        if len(path) == 1:
            yield ends[0]
        else:
            yield from gate_calls(K, layer, ends, path[1:], index)


def read_by(K, model, layer):
    """What each call of a layer reads, of those calls that this model computes."""
    if K.version == 3:
        nodes = [node for nodes in model._nodes_by_depth.values() for node in nodes if node.operation is layer]
    else:
        nodes = [node for nodes in model._nodes_by_depth.values() for node in nodes if node.layer is layer]
    # A model that is a layer has, in Keras 2, a call of its own making besides.
    for node in sorted(nodes, key=layer._inbound_nodes.index):
        yield K.flatten(node.input_tensors)


def randomised(K, model, to, seed=1):
    """The model with random weights everywhere, as a file of its own."""
    loaded = load_model(K, model)
    randomise(K, loaded, seed)
    save_model(K, loaded, to)
    return {"files": [to]}


def preprocess(K, pixels, mode):
    """What keras.applications makes of pixels, a flat list of colours from 0 to 255."""
    if K.version == 2:
        from tf_keras.applications.imagenet_utils import preprocess_input
    else:
        from keras.applications.imagenet_utils import preprocess_input
    values = np.array(pixels, np.float32).reshape(1, 1, -1, 3)
    return encode(np.asarray(preprocess_input(values, data_format="channels_last", mode=mode)))


# Making

EXTENSIONS = (".h5", ".keras", ".json", ".weights.h5", ".legacy.h5")


def make(K, model, folder, seed=1, saves=EXTENSIONS):
    """Builds a model of the catalogue, or `applications/<Name>`, with random weights, and saves it in each way asked for."""
    K.reset(seed)
    family, _, name = model.rpartition("/")
    if family == "applications":
        entry = {"finish": None, "custom": False, "parted": False}
        built = catalogue.build_application(K, name)
    elif model not in catalogue.MODELS:
        raise ValueError(f"the catalogue has no model {model}")
    else:
        entry = catalogue.MODELS[model]
        if K.kind not in entry["kinds"]:
            raise ValueError(f"{model} is not made by {K.kind}")
        built = entry["build"](K)
    randomise(K, built, seed)
    if entry["finish"]:
        entry["finish"](K, built)
    files = {extension: os.path.join(folder, name + extension) for extension in saves}
    for path in files.values():
        save_model(K, built, path)
    remember(built, [] if entry["parted"] else files.values(), entry["custom"])
    return {**describe_model(K, built), "files": files}


def build(K, code, to, seed=1):
    """Runs some lines of Python that make `model`, and saves it with random weights. `keras`, `L` (its layers), `np` and
    `tf` are at hand."""
    K.reset(seed)
    names = {"keras": K.keras, "L": K.layers, "np": np, "tf": K.tf}
    exec(code, names)  # noqa: S102
    randomise(K, names["model"], seed)
    for path in to:
        save_model(K, names["model"], path)
    return {"files": list(to)}


def change(K, model, to, variable, add=0.0, times=1.0, custom=False):
    """A model with one variable changed: what a comparison must notice."""
    loaded = load_model(K, model, custom)
    found = dict(list_variables(K, loaded))
    if variable not in found:
        raise ValueError(f"there is no variable {variable}; there are {', '.join(found)}")
    found[variable].assign(K.numpy(found[variable]) * np.float32(times) + np.float32(add))
    save_model(K, loaded, to)
    return {"files": [to]}


def compile_names(K):
    """The losses, metrics, optimizers and schedules that this Keras ships."""
    if K.version == 2:
        import tf_keras.src.losses as losses
        import tf_keras.src.metrics as metrics
        from tf_keras import optimizers

        modules = (losses, metrics, optimizers, optimizers.schedules)
        names = [
            name
            for module in modules
            for name, value in vars(module).items()
            if callable(value) and getattr(value, "_keras_api_names", None)
        ]
        return [name for name in names if name != "get" and "serialize" not in name]
    from keras.src import losses, metrics, optimizers
    from keras.src.optimizers import schedules

    classes = [value.__name__ for value in optimizers.ALL_OBJECTS]
    own = [name for name, value in vars(schedules).items() if isinstance(value, type)]
    shipped = (losses.ALL_OBJECTS_DICT, metrics.ALL_OBJECTS_DICT, optimizers.ALL_OBJECTS_DICT)
    return [*(name for names in shipped for name in names), *classes, *own]


def describe_catalogue(K):
    return catalogue.describe()


REQUESTS = {
    "build": build,
    "catalogue": describe_catalogue,
    "change": change,
    "compare": compare,
    "compareFiles": compareFiles,
    "compileNames": compile_names,
    "textKinds": textKinds,
    "compareWeights": compareWeights,
    "fit": fit,
    "gates": gates,
    "layers": layers,
    "load": load,
    "make": make,
    "outputs": outputs,
    "preprocess": preprocess,
    "randomised": randomised,
    "saveAgain": saveAgain,
    "trainSteps": trainSteps,
    "trainedAfter": trainedAfter,
    "values": values,
    "weights": weights,
}
