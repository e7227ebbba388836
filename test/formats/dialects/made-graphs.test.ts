import { expect, test } from 'vitest';
import { type LowerOptions, lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { raiseGraph } from '../../../src/formats/dialects/raise-graph.js';
import { retrofit } from '../../../src/index.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import type { Graph } from '../../../src/model/model.js';
import { DIALECT_EXPECTATIONS, DIALECT_NAMES, readDialect } from '../../support/dialects.js';
import { leaveProof, namesByPath } from '../../support/proof.js';

/** The same graph as if it had been made here, by a translation. */
const made = (graph: Graph): Graph => ({
  ...graph,
  read: undefined,
  layers: graph.layers.map(({ entry: _, ...layer }) => ({
    ...layer,
    calls: layer.calls.map(({ inputs, read, hasArguments }) => ({
      inputs,
      ...(hasArguments ? { read, hasArguments } : {}),
    })),
    ...(layer.graph === undefined ? {} : { graph: made(layer.graph) }),
  })),
});

const shapeless = (graph: Graph): unknown => ({
  kind: graph.kind,
  inputs: graph.inputs,
  outputs: graph.outputs,
  layers: graph.layers
    .filter((layer) => !layer.implicit)
    .map(({ name, className, calls, isOperation, graph: inner }) => ({
      name,
      className: inner === undefined ? className : inner.kind,
      isOperation,
      calls: calls.map(({ inputs, hasArguments }) => ({ inputs, hasArguments })),
      inner: inner && shapeless(inner),
    })),
});

const optionsOf = (name: string): LowerOptions => ({
  dialect: name.includes('.keras2-') ? 'keras2' : 'keras3',
  hasModules: !name.endsWith('-h5'),
});

// A legacy .h5 file of Keras 3 leaves out of which module an operation is.
const NAMES = DIALECT_NAMES.filter((name) => !/^(?:arguments|operations)\.keras3-h5/.test(name));

test.each(NAMES)('%s: a graph made here is written and read again', (name) => {
  const graph = made(readDialect(name).model.graph);
  const text = serializeJson({ root: lowerModel(graph, optionsOf(name)), lead: '', trail: '' });
  const again = raiseGraph(lowerModel(graph, optionsOf(name)), '');
  expect(again.read!.dialect).toBe(optionsOf(name).dialect);
  expect(shapeless(again)).toEqual(shapeless(graph));
  expect(namesByPath(again)).toEqual(DIALECT_EXPECTATIONS[name]!.layers);
  leaveProof(`${name}.made`, text, graph);
});

test.each(NAMES.filter((name) => !/^(?:sequential-unbuilt)/.test(name)))(
  '%s: a graph made here takes modules',
  (name) => {
    const { model } = readDialect(name);
    const graph = retrofit({ ...model, graph: made(model.graph) }, { minUnits: 1 }).graph;
    const text = serializeJson({ root: lowerModel(graph, optionsOf(name)), lead: '', trail: '' });
    expect(namesByPath(raiseGraph(lowerModel(graph, optionsOf(name)), ''))).toEqual(namesByPath(graph));
    leaveProof(`${name}.made-se`, text, graph);
  },
);
