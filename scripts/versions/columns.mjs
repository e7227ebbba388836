// What is looked at: the containers that models are saved in, and who loads what the tool writes.

const OLD_UNDER_THIS_NAME = 'TensorFlow before 2.12 writes HDF5 of the old kind under this name.';

/** `files` are what small_models.py saves, `names` what the tool finds them under; `weights` is the beginning of names in a folder. */
export const CONTAINERS = [
  { id: 'h5', title: '`.h5`', files: ['net.h5'], names: ['net.h5'] },
  {
    id: 'json-h5',
    title: 'Architecture JSON + `.h5` weights',
    files: ['net.json', 'weights.h5'],
    names: ['net.json', 'net.h5'],
  },
  { id: 'keras', title: '`.keras`', remark: OLD_UNDER_THIS_NAME, files: ['net.keras'], names: ['net.keras'] },
  {
    id: 'json-weights-h5',
    title: 'Architecture JSON + `.weights.h5`',
    remark: OLD_UNDER_THIS_NAME,
    files: ['net.json', 'net.weights.h5'],
    names: ['net.json', 'net.weights.h5'],
  },
  { id: 'folder', title: 'SavedModel folder', files: ['net'], names: ['net'] },
  {
    id: 'json-checkpoint',
    title: 'Architecture JSON + checkpoint',
    files: ['net.json', 'checkpoint'],
    names: ['net.json', 'checkpoint'],
    weights: 'checkpoint/net',
  },
];

/** `of` is what is loaded, `judge` who loads it, where it is not the version that saved the model. */
export const LOADERS = [
  { id: 'same', heading: 'retrofitted, the same version', of: 'retrofitted' },
  { id: 'today', heading: "retrofitted, today's", of: 'retrofitted', only: 'older' },
  { id: 'tfjs', heading: 'to TensorFlow.js', of: 'tfjs', judge: 'tfjs' },
  { id: 'keras3', heading: 'to Keras 3', of: 'keras3', judge: 'keras3' },
  { id: 'keras2', heading: 'to Keras 2', of: 'keras2', judge: 'keras2' },
];
