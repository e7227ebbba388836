"""Two saved models as files: every attribute, every entry of a config, every byte of a tensor."""

import io
import json
import zipfile

import h5py
import numpy as np

# Texts that are JSON: their white space says nothing.
JSON_ATTRIBUTES = ("model_config", "training_config")


def differences(before, after, ignore=()):
    """What is not the same, as lines; paths of HDF5 objects that begin with one of `ignore` are not looked at."""
    old, new = contents(before, ignore), contents(after, ignore)
    lines = [f"{key} is gone" for key in old if key not in new]
    lines += [f"{key} is new" for key in new if key not in old]
    lines += [f"{key}: {shown(old[key])} became {shown(new[key])}" for key in old if key in new and old[key] != new[key]]
    return lines


def shown(value):
    return repr(value)[:200]


def contents(reference, ignore):
    """Everything in a saved model, by where it stands."""
    if not isinstance(reference, str):
        with open(reference["json"], encoding="utf-8") as file:
            return {"architecture": json.load(file), **hdf5_contents(reference["weights"], ignore)}
    if not reference.endswith(".keras"):
        return hdf5_contents(reference, ignore)
    found = {}
    with zipfile.ZipFile(reference) as archive:
        found["members"] = archive.namelist()
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith(".json"):
                found[name] = json.loads(data)
            elif name.endswith(".h5"):
                found.update(hdf5_contents(io.BytesIO(data), ignore))
            else:
                found[name] = data
    return found


def hdf5_contents(path, ignore):
    found = {}

    def look(name, thing):
        if any(f"/{name}".startswith(prefix) for prefix in ignore):
            return
        if isinstance(thing, h5py.Dataset):
            found[f"/{name}"] = (thing.dtype.str, thing.shape, np.asarray(thing).tobytes())
        else:
            found[f"/{name}"] = "group"
        for key, value in thing.attrs.items():
            found[f"/{name}@{key}"] = (text_kind(thing.attrs.get_id(key).get_type()), attribute(key, value))

    with h5py.File(path, "r") as file:
        look("", file)
        file.visititems(look)
    return found


def attribute(key, value):
    if isinstance(value, np.ndarray):
        return [text(item) for item in value.tolist()]
    return json.loads(text(value)) if key in JSON_ATTRIBUTES else text(value)


def text_kinds(path):
    """How h5py finds the texts of all attributes kept, by path and name; the dtype of what holds none."""
    found = {}

    def look(name, thing):
        for key in thing.attrs:
            found[f"/{name}@{key}"] = text_kind(thing.attrs.get_id(key).get_type())

    with h5py.File(path, "r") as file:
        look("", file)
        file.visititems(look)
    return found


def text_kind(kept):
    if not isinstance(kept, h5py.h5t.TypeStringID):
        return str(kept.dtype)
    length = "variable" if kept.is_variable_str() else "fixed"
    return f"{length} {['ascii', 'utf8'][kept.get_cset()]} {['nullterm', 'nullpad', 'spacepad'][kept.get_strpad()]}"


def text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value
