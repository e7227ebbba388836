import { describe, expect, test } from 'vitest';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { RetrofitError, type RetrofitOptions, retrofit } from '../../../src/index.js';
import type { JsonDocument, JsonObject } from '../../../src/json/json-value.js';
import { parseJson } from '../../../src/json/parse-json.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import type { Graph, Model } from '../../../src/model/model.js';
import { DIALECT_EXPECTATIONS, DIALECT_NAMES, dialectText, readDialect } from '../../support/dialects.js';
import { leaveProof, namesByPath } from '../../support/proof.js';

const lowered = (document: JsonDocument, graph: Graph): string =>
  serializeJson({ ...document, root: lowerModel(graph, { wrapper: document.root as JsonObject }) });

// In a Sequential model Keras 3.15 takes the list for a list of one tensor, which the next layer cannot read.
const LISTED = 'listed-ends.keras3-zip';

describe('as Keras wrote them', () => {
  test.each(DIALECT_NAMES)('%s: the dialect is found, and the layers come in the order of Keras', (name) => {
    const { graph } = readDialect(name).model;
    expect(graph.read!.dialect).toBe(name.includes('.keras2-') ? 'keras2' : 'keras3');
    expect(namesByPath(graph)).toEqual(DIALECT_EXPECTATIONS[name]!.layers);
  });

  test.each(DIALECT_NAMES.filter((name) => name !== LISTED))('%s: unchanged it is the same text', (name) => {
    const { document, model } = readDialect(name);
    expect(lowered(document, model.graph)).toBe(dialectText(name));
  });

  test.each([
    [undefined, '["backbone_unit_out", 0, 0]'],
    ['3.15.1', '["backbone_unit_out", 0, 0]'],
    ['3.3.3', '[["backbone_unit_out", 0, 0]]'],
  ])('the single output of a model in a Sequential one, in a file of Keras %s', (kerasVersion, ends) => {
    const { document, model } = readDialect(LISTED);
    const root = lowerModel(model.graph, { wrapper: document.root as JsonObject, kerasVersion });
    const before = '"output_layers": [["backbone_unit_out", 0, 0]]';
    expect(serializeJson({ ...document, root })).toBe(dialectText(LISTED).replace(before, `"output_layers": ${ends}`));
  });

  test.each([
    ['3.3.3', '[["image",0,0]]'],
    ['3.4.0', '["image",0,0]'],
    ['3.15.1', '["image",0,0]'],
  ])('a Sequential model that became functional, in a file of Keras %s', (kerasVersion, ends) => {
    const after = retrofitted(readDialect('sequential-input.keras3-zip').model, {})!;
    const text = serializeJson({ lead: '', trail: '', root: lowerModel(after, { kerasVersion }) });
    expect(text.replaceAll(' ', '')).toContain(`"input_layers":${ends}`);
  });
});

const OPTIONS: readonly Partial<RetrofitOptions>[] = [{}, { granularity: 'conv', form: 'conv', squeeze: 'max' }];

/** Undefined where no place takes a module. */
function retrofitted(model: Model, options: Partial<RetrofitOptions>): Graph | undefined {
  try {
    return retrofit(model, { minUnits: 1, ...options }).graph;
  } catch (error) {
    if (error instanceof RetrofitError && error.code === 'nothing-found') return undefined;
    throw error;
  }
}

const isUnbuilt = (name: string) => name.startsWith('sequential-unbuilt.');

// fixtures/check_dialects.py loads what these tests leave with real Keras.
describe('retrofitted', () => {
  test.each(DIALECT_NAMES.filter(isUnbuilt))(
    '%s: nobody knows its input, which a functional model has to say',
    (name) => {
      const after = retrofitted(readDialect(name).model, {})!;
      expect(() => lowerModel(after)).toThrow('does not say the shape of its input');
    },
  );

  test.each(DIALECT_NAMES.filter((name) => !isUnbuilt(name)))('%s: read again it has the same layers', (name) => {
    OPTIONS.forEach((options, index) => {
      const { document, model } = readDialect(name);
      const after = retrofitted(model, options);
      if (after === undefined) return;
      const text = lowered(document, after);
      const again = raiseGraph(parseJson(text).root, '');
      expect(namesByPath(again)).toEqual(namesByPath(after));
      expect(again.outputs).toEqual(after.outputs);
      leaveProof(`${name}.${index}`, text, after);
    });
  });

  test.each(DIALECT_NAMES)('%s: entries that nothing happened to keep their text', (name) => {
    const { model } = readDialect(name);
    const after = retrofitted(model, {});
    if (after === undefined || model.graph.kind === 'sequential') return;
    const entriesOf = (graph: Graph) =>
      new Map(raiseGraph(lowerModel(graph), '').layers.map((layer) => [layer.name, text(layer.entry!)]));
    const [entriesBefore, entriesAfter] = [entriesOf(model.graph), entriesOf(after)];
    const untouched = model.graph.layers.filter(({ name: layer, calls, graph }) =>
      after.layers.some((each) => each.name === layer && each.calls === calls && each.graph === graph),
    );
    for (const layer of untouched) expect(entriesAfter.get(layer.name)).toBe(entriesBefore.get(layer.name));
    expect(untouched.length).toBeGreaterThan(0);
  });
});

const text = (root: JsonObject) => serializeJson({ root, lead: '', trail: '' });
