import ts from 'typescript';
import { docOf } from './source.mjs';

const FIRST = ['version', 'command', 'tool', 'input', 'output'];

/** An object type as a nested list of its fields, each with its type in words and its doc comment. */
export function fieldLines(source, type, indent = '') {
  const rank = ({ name }) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const properties = [...type.getProperties()].sort((left, right) => rank(left) - rank(right));
  return properties.flatMap((property) => {
    const field = source.checker.getTypeOfSymbol(property);
    const doc = docOf(source, property);
    const { words, inner } = inWords(source, field);
    return [
      `${indent}- \`${property.name}\`: ${words}${doc === '' ? '' : `. ${doc}`}`,
      ...(inner === undefined ? [] : fieldLines(source, inner, `${indent}  `)),
    ];
  });
}

/** A type in words, and the object in it whose fields are still to be told. */
function inWords({ checker }, type) {
  const parts = type.isUnion() ? type.types : [type];
  const nullable = parts.some(({ flags }) => flags & ts.TypeFlags.Null) ? ', or null' : '';
  const rest = parts.filter(({ flags }) => !(flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)));
  if (rest.every((part) => part.isStringLiteral() || part.isNumberLiteral())) {
    // The compiler's own order changes with code that has nothing to do with it.
    const values = rest.map(({ value }) => `\`${JSON.stringify(value)}\``).sort();
    return { words: values.join(', ') + nullable };
  }
  if (rest.every(({ flags }) => flags & ts.TypeFlags.BooleanLiteral)) return { words: `boolean${nullable}` };
  if (rest.length !== 1) return { words: `\`${checker.typeToString(type)}\`` };
  const [one] = rest;
  if (checker.isArrayType(one)) {
    const element = inWords({ checker }, checker.getTypeArguments(one)[0]);
    const words = element.inner === undefined ? `list of (${element.words})` : 'list of objects';
    return { words: words + nullable, inner: element.inner };
  }
  const named = checker.getIndexInfoOfType(one, ts.IndexKind.String);
  if (named !== undefined) return { words: `object of ${inWords({ checker }, named.type).words} by name${nullable}` };
  if (one.flags & ts.TypeFlags.Object) return { words: `object${nullable}`, inner: one };
  return { words: checker.typeToString(one) + nullable };
}
