import { type Plain, toPlain } from '../../json/json-value.js';
import type { Argument } from '../../model/call-arguments.js';

/** An argument as it is written, from what is written for each tensor of the call. */
export function writeArgument(argument: Argument, tensors: readonly Plain[]): Plain {
  switch (argument.kind) {
    case 'tensor':
      return tensors[argument.input]!;
    case 'tensors':
      return argument.inputs.map((input) => tensors[input]!);
    case 'constant':
      return toPlain(argument.json);
    case 'structure':
      throw new Error('a call that is made here holds its tensors in no structure');
  }
}
