import type { Graph } from './model.js';

/** Whether a model's outputs have keys of its own, `{"mask": x}`: losses then go by those, not by the names of layers. */
export const hasOutputKeys = (graph: Graph): boolean => graph.structures?.outputs.kind === 'dict';
