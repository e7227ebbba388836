import { execFileSync } from 'node:child_process';
import { describe, expect, inject, test } from 'vitest';
import { isCompileName } from '../../src/layers/compile-objects.js';

// Real Keras lists what its compile settings may name: none of it is anybody's own code.

const SCRIPTS = {
  keras2: `
import inspect, json, tf_keras.src.losses as losses, tf_keras.src.metrics as metrics, tf_keras.optimizers as optimizers
from tf_keras.optimizers import schedules
own = lambda module: [n for n, o in vars(module).items() if callable(o) and getattr(o, "_keras_api_names", None)]
names = own(losses) + own(metrics) + own(optimizers) + own(schedules)
print(json.dumps([n for n in names if n != "get" and "serialize" not in n]))`,
  keras3: `
import json
from keras.src import losses, metrics, optimizers
from keras.src.optimizers import schedules
classes = [c.__name__ for c in optimizers.ALL_OBJECTS]
own = [n for n, o in vars(schedules).items() if isinstance(o, type)]
print(json.dumps([*losses.ALL_OBJECTS_DICT, *metrics.ALL_OBJECTS_DICT, *optimizers.ALL_OBJECTS_DICT, *classes, *own]))`,
} as const;

describe.each(['keras2', 'keras3'] as const)('%s', (kind) => {
  const { python, missing } = inject('oracle');
  test.skipIf(missing[kind] !== undefined)('every name that it ships is known', () => {
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', KERAS_BACKEND: 'tensorflow' };
    const listed = execFileSync(python!, ['-c', SCRIPTS[kind]], { encoding: 'utf8', env, stdio: 'pipe' });
    const names = JSON.parse(listed.trim().split('\n').at(-1)!) as readonly string[];
    expect(names.length).toBeGreaterThan(80);
    expect(names.filter((name) => !isCompileName(name))).toEqual([]);
  });
});
