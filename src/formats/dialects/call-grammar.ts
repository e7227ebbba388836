import type { JsonValue, Plain, PlainObject } from '../../json/json-value.js';
import type { Shape } from '../../layers/layer-facts.js';
import type { CallArguments } from '../../model/call-arguments.js';
import type { Layer, Structure } from '../../model/model.js';
import type { IsLayer, MapReference, WrittenReference } from './tensor-references.js';

/** A call as it stands in `inbound_nodes`. */
export interface WrittenCall {
  /** The tensors it reads, in the order the loaders visit them. */
  readonly references: readonly WrittenReference[];
  /** The shapes that stand beside the references; null for those beside which none does. */
  readonly shapes?: readonly (Shape | null)[];
  readonly arguments: CallArguments;
  /** Whether it has more than tensors: constants, keyword arguments with an effect, structures. */
  readonly hasArguments: boolean;
}

/** A tensor to be written, with what Keras 3 puts beside the reference. */
export interface WrittenTensor extends WrittenReference {
  readonly shape: readonly (number | null)[] | undefined;
  readonly dtype: string;
}

/** Grammar in which a dialect writes the calls of layers, and numbers them. */
export interface CallGrammar {
  /** @throws RetrofitError `bad-graph` for an entry that is neither a tensor of this model nor a constant */
  readonly readCall: (call: JsonValue, isLayer: IsLayer, layer: string, field: string) => WrittenCall;
  /** The call with every tensor in it mapped; everything else keeps its text. */
  readonly mapCall: (call: JsonValue, isLayer: IsLayer, map: MapReference) => JsonValue;
  readonly writeCall: (layer: Layer, inputs: readonly WrittenTensor[], keywords: PlainObject) => Plain;
  /** A call with all its arguments; tensors are numbers into `inputs`. */
  readonly writeArguments: (layer: Layer, call: CallArguments, inputs: readonly WrittenTensor[]) => JsonValue;
  readonly writeEnds: (ends: readonly WrittenReference[], structure: Structure) => Plain;
  /** The number of a layer's first call where other calls refer to it. */
  readonly firstInCalls: (layer: Layer) => number;
  /** The number of a layer's first call in `input_layers` and `output_layers`. */
  readonly firstInEnds: (layer: Layer) => number;
}
