import { isPlainObject, type PlainObject } from '../../json/json-value.js';
import type { LayerFacts } from '../layer-facts.js';
import { calledFacts, elementwiseShape, findOperation, operationFacts, operationOfNode } from './known-operations.js';

// TensorFlow 2.0 to 2.3 recorded an operation between layers as a node of TensorFlow's graph: its `node_def`, and the
// operands that are no tensors of the model by their places (tensorflow/python/keras/engine/base_layer.py).

/** Tells whether a layer of this class is a node of TensorFlow's graph. */
export const isNodeLayer = (className: string): boolean => className === 'TensorFlowOpLayer';

/** Keras puts this in front of the name in the config, and calls the layer so. */
export const NODE_NAME_PREFIX = 'tf_op_layer_';

/** The kind of node that a config holds: `RealDiv`. */
export function nodeKind({ node_def: node }: PlainObject): string | undefined {
  return isPlainObject(node) && typeof node.op === 'string' ? node.op : undefined;
}

/** The operation that a node is, by its name in Keras 3 where it has one. */
export function nodeOperation(config: PlainObject): string | undefined {
  const kind = nodeKind(config);
  return kind === undefined ? undefined : operationOfNode(kind);
}

/**
 * Returns the facts of a node. A node with constants besides is not one of the operations on maps alone: where they only
 * give an axis or a shape, its role and size are known.
 */
export function nodeFacts(config: PlainObject, base: LayerFacts): LayerFacts {
  const id = nodeOperation(config);
  const operation = id === undefined ? undefined : findOperation(id);
  if (operation === undefined) return base;
  const { constants } = config;
  const [constant, ...more] = isPlainObject(constants) ? Object.values(constants) : [];
  if (constant !== undefined) {
    const { isElementwise, lastInNode: name } = operation;
    if (isElementwise)
      return {
        ...base,
        outputShape: (_config, inputs) => elementwiseShape(operation, inputs, typeof constant === 'number'),
      };
    if (name === undefined || more.length > 0) return base;
    return { ...base, ...calledFacts(operation.id, { [name]: constant, keepdims: keepsDimensions(config) }) };
  }
  const facts = operationFacts(operation.id, {});
  return facts.role === 'other' ? base : { ...base, ...facts, className: base.className, loads: base.loads };
}

/** `attr` has the flag as `{"b": true}`. */
function keepsDimensions({ node_def: node }: PlainObject): boolean {
  const attributes = isPlainObject(node) ? node.attr : undefined;
  const flag = isPlainObject(attributes) ? attributes.keep_dims : undefined;
  return isPlainObject(flag) && flag.b === true;
}

/** Nodes whose result is all that they do. Others write files, run Python or load libraries when the model is called. */
const PURE_NODES: ReadonlySet<string> = new Set(
  (
    'Abs Acos Acosh Add AddN AddV2 All Any ArgMax ArgMin Asin Asinh Atan Atan2 Atanh AvgPool AvgPool3D BatchMatMul ' +
    'BatchMatMulV2 BatchToSpaceND BiasAdd BroadcastTo Cast Ceil ClipByValue Concat ConcatV2 Conv2D Conv3D Cos Cosh CropAndResize ' +
    'Cumprod Cumsum DepthToSpace DepthwiseConv2dNative Div DivNoNan Elu Equal Erf Erfc Exp ExpandDims Expm1 Fill Floor ' +
    'FloorDiv FloorMod FusedBatchNorm FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual Identity Inv L2Loss LRN ' +
    'LeakyRelu Less LessEqual Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool MaxPool3D Maximum Mean Min ' +
    'Minimum MirrorPad Mod Mul MulNoNan Neg NotEqual OneHot OnesLike Pack Pad PadV2 Pow Prod Range Rank RealDiv Reciprocal Relu ' +
    'Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ReverseV2 Roll Round Rsqrt Select SelectV2 Selu ' +
    'Shape Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToBatchND SpaceToDepth Split SplitV Sqrt Square ' +
    'SquaredDifference Squeeze StopGradient StridedSlice Sub Sum Tan Tanh Tile TopKV2 Transpose TruncateDiv TruncateMod Unpack ' +
    'Where ZerosLike'
  ).split(' '),
);

/** Tells whether a node does nothing but compute a result. */
export const isPureNode = (kind: string): boolean => PURE_NODES.has(kind);
