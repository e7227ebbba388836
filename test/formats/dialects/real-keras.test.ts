import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { RetrofitError, type RetrofitOptions, retrofit } from '../../../src/index.js';
import type { JsonObject } from '../../../src/json/json-value.js';
import { parseJson } from '../../../src/json/parse-json.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import { layerOrder } from '../../../src/model/layer-order.js';
import { type Graph, listGraphs } from '../../../src/model/model.js';
import { DIALECT_EXPECTATIONS, DIALECT_NAMES, dialectText, readDialect } from '../../support/dialects.js';

const namesByPath = (graph: Graph) =>
  Object.fromEntries(
    [...listGraphs(graph)].map(({ graph: inner, path }) => [path.join('/'), layerOrder(inner).map(({ name }) => name)]),
  );

test.each(DIALECT_NAMES)('%s: the dialect is found, and the layers come in the order of Keras', (name) => {
  const { graph } = readDialect(name).model;
  expect(graph.read!.dialect).toBe(name.includes('.keras2-') ? 'keras2' : 'keras3');
  expect(namesByPath(graph)).toEqual(DIALECT_EXPECTATIONS[name]!.layers);
});

test.each(DIALECT_NAMES)('%s: unchanged it is the same text', (name) => {
  const { document, model } = readDialect(name);
  const root = lowerModel(model.graph, document.root as JsonObject);
  expect(serializeJson({ ...document, root })).toBe(dialectText(name));
});

/** Where the retrofitted architectures go, for fixtures/check_dialects.py to load. */
const PROOF = process.env.SE_RETROFIT_PROOF;

const OPTIONS: readonly Partial<RetrofitOptions>[] = [{}, { granularity: 'conv', form: 'conv', squeeze: 'max' }];

const isUnbuilt = (name: string) => name.startsWith('sequential-unbuilt.');

test.each(DIALECT_NAMES.filter(isUnbuilt))(
  '%s: nobody knows its input, which a functional model has to say',
  (name) => {
    const { graph } = retrofit(readDialect(name).model);
    expect(() => lowerModel(graph)).toThrow('does not say the shape of its input');
  },
);

test.each(DIALECT_NAMES.filter((name) => !isUnbuilt(name)))(
  '%s: retrofitted and read again it has the same layers',
  (name) => {
    OPTIONS.forEach((options, index) => {
      const { document, model } = readDialect(name);
      let after: Graph;
      try {
        after = retrofit(model, { minUnits: 1, ...options }).graph;
      } catch (error) {
        if (error instanceof RetrofitError && error.code === 'nothing-found') return;
        throw error;
      }
      const root = lowerModel(after, document.root as JsonObject);
      const text = serializeJson({ ...document, root });
      const again = raiseGraph(parseJson(text).root, '');
      expect(namesByPath(again)).toEqual(namesByPath(after));
      expect(again.outputs).toEqual(after.outputs);
      if (PROOF === undefined) return;
      mkdirSync(PROOF, { recursive: true });
      writeFileSync(`${PROOF}/${name}.${index}.json`, text);
      writeFileSync(`${PROOF}/${name}.${index}.layers`, JSON.stringify(namesByPath(after)));
    });
  },
);
