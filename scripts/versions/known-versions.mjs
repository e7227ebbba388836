// The versions that are tried, oldest first, and what each needs. `name` is what --only takes and what the page's rows say.

import { readFileSync } from 'node:fs';

/** Pythons that a TensorFlow has packages for, the first that is there is taken. */
const OLD = ['3.8'];
const NEW = ['3.11', '3.10', '3.9'];
/** What TensorFlow up to 2.4 was used with: h5py 3 cannot read its files' texts; protobuf 3.21 broke its messages. */
const H5PY_2 = ['h5py==2.10.0', 'protobuf<3.21'];

const tensorflow = (version, pythons, beside = []) => ({
  name: version,
  title: `TensorFlow ${version}`,
  kind: 'keras2',
  module: 'tf.keras',
  pythons,
  folder: `tf${version}`,
  packages: [`tensorflow-cpu==${version}`, ...beside],
});

/** All on one TensorFlow 2.16, each Keras in a folder of its own that comes first on Python's path. */
const KERAS_3_BASE = { ...tensorflow('2.16.2', NEW), packages: ['tensorflow-cpu==2.16.2', 'keras==3.0.5', 'optree'] };
const keras3 = (version) => ({
  ...KERAS_3_BASE,
  name: version,
  title: `Keras ${version}`,
  kind: 'keras3',
  module: 'keras',
  target: `keras-${version}`,
  targetPackage: `keras==${version}`,
});

/** In the Python of `npm test`. */
const REQUIREMENTS = readFileSync(new URL('../../test/oracle/requirements.txt', import.meta.url), 'utf8');
const today = (name, title, kind, module) => {
  const [, version] = new RegExp(`^${name}==(\\S+)`, 'm').exec(REQUIREMENTS);
  return { name, title: `${title} ${version}`, kind, module, isToday: true };
};

export const VERSIONS = [
  tensorflow('2.1.4', ['3.7'], H5PY_2),
  tensorflow('2.3.4', OLD, H5PY_2),
  tensorflow('2.4.4', OLD, H5PY_2),
  tensorflow('2.6.5', OLD, ['protobuf<3.21']),
  tensorflow('2.10.1', OLD),
  tensorflow('2.12.1', [...NEW, ...OLD]),
  tensorflow('2.13.1', [...OLD, ...NEW]),
  tensorflow('2.14.1', NEW),
  tensorflow('2.15.1', NEW),
  today('tf-keras', 'tf-keras', 'keras2', 'tf_keras'),
  ...['3.0.5', '3.3.3', '3.6.0', '3.9.2', '3.12.0'].map(keras3),
  today('keras', 'Keras', 'keras3', 'keras'),
];
