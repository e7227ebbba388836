import { axisOf } from '../../layers/config.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { type Graph, listGraphs } from '../../model/model.js';
import { configShapes } from '../../model/shapes.js';
import { cannotConvert } from '../dialects/translate/cannot-convert.js';

/**
 * Refuses batch norms over another axis than the last: what TensorFlow.js computes for them hangs on the backend, and is
 * nowhere what Keras does. Source: the FusedBatchNorm kernels of tfjs-backend-cpu and tfjs-backend-wasm.
 * @throws RetrofitError `cannot-convert`
 */
export function refuseOtherAxes(root: Graph): void {
  for (const { graph } of listGraphs(root)) {
    const norms = graph.layers.filter(({ className }) => className === 'BatchNormalization');
    if (norms.every(({ settings }) => (settings.axis ?? -1) === -1)) continue;
    const shapes = configShapes(graph, []);
    for (const { layer, inputs } of resolveGraph(graph).nodes) {
      const shape = inputs[0] && shapes[inputs[0].node]?.[inputs[0].tensor];
      if (layer.className !== 'BatchNormalization' || shape === undefined) continue;
      if (axisOf(layer.settings.axis ?? -1, shape.length) === shape.length - 1) continue;
      throw cannotConvert(
        layer.name,
        'axis',
        'TensorFlow.js normalises the last axis only: Keras would compute something else than it does',
        'start from the Keras model that it was made from',
      );
    }
  }
}
