import { fromPlain, type JsonValue, type Plain } from '../../json/json-value.js';
import type { Argument } from '../../model/call-arguments.js';

/** An argument as it is written, from what is written for each tensor of the call. Numbers keep their tokens: 2.0 is no 2. */
export function writeArgument(argument: Argument, tensors: readonly Plain[]): JsonValue {
  switch (argument.kind) {
    case 'tensor':
      return fromPlain(tensors[argument.input]!);
    case 'tensors':
      return fromPlain(argument.inputs.map((input) => tensors[input]!));
    case 'constant':
      return argument.json;
    case 'structure':
      throw new Error('a call that is made here holds its tensors in no structure');
  }
}
