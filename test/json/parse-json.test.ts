import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import { fromPlain, isObject, toPlain, withMember, withoutMember } from '../../src/json/json-value.js';
import { parseJson } from '../../src/json/parse-json.js';
import { serializeJson } from '../../src/json/serialize-json.js';
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from '../../src/limits.js';

const SEED = 20260101;

function refused(text: string): RetrofitError {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof RetrofitError) return error;
    throw error;
  }
  throw new Error('the text was read');
}

const whitespace = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 });
const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?$/);
const scalar = fc.oneof(
  number,
  fc.constantFrom('true', 'false', 'null'),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
);

/** JSON texts with white space anywhere and numbers spelled in every way. */
const { value: jsonText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc
      .array(fc.tuple(whitespace, tie('value'), whitespace), { maxLength: 4 })
      .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
    fc
      .uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), whitespace, whitespace, tie('value'), whitespace), {
        maxLength: 4,
        selector: ([key]) => key,
      })
      .map(
        (members) =>
          `{${members.map(([key, lead, gap, value, trail]) => `${lead}${JSON.stringify(key)}${gap}:${gap}${value}${trail}`).join(',')}}`,
      ),
  ),
}));

describe('a text that is read and written again', () => {
  test('comes out as it went in, and means what the engine says', () => {
    fc.assert(
      fc.property(jsonText, whitespace, (json, around) => {
        const text = around + json + around;
        const document = parseJson(text);
        expect(serializeJson(document)).toBe(text);
        expect(JSON.stringify(toPlain(document.root))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test('is read as the engine reads it, or refused as the engine refuses it, wherever it is damaged', () => {
    const engineReads = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(
        jsonText,
        fc.nat(),
        fc.constantFrom('', '"', ',', '}', ']', '\\', '1', 'x', '\u0001'),
        (json, seed, put) => {
          const at = seed % (json.length + 1);
          const damaged = json.slice(0, at) + put + json.slice(at + 1);
          let read = true;
          try {
            parseJson(damaged);
          } catch (error) {
            if (!(error instanceof RetrofitError)) throw error;
            // Refused here and read by the engine: keys that became equal.
            read = error.message.startsWith('duplicate key');
          }
          expect(read).toBe(engineReads(damaged));
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('an edit', () => {
  const text = '{ "a": 1.0,\n  "b" : [1e3, NaN],   "__proto__": -0 , "c":"\\u00e9" }\n';

  test('leaves every other token and all white space alone', () => {
    const { root, ...around } = parseJson(text);
    if (!isObject(root)) throw new Error('no object');
    const edited = withMember(root, 'b', fromPlain([2]));
    expect(serializeJson({ ...around, root: edited })).toBe(text.replace('[1e3, NaN]', '[2]'));
    expect(serializeJson({ ...around, root: withoutMember(root, 'b') })).toBe(
      text.replace('\n  "b" : [1e3, NaN],', ''),
    );
    expect(withMember(root, 'a', root.members[0]!.value)).toBe(root);
  });

  test('adds in the style of the document', () => {
    const indented = '{\n  "a": [\n    1\n  ]\n}';
    const { root, ...around } = parseJson(indented);
    if (!isObject(root)) throw new Error('no object');
    const added = withMember(root, 'b', fromPlain({ c: [1.5, 'x'] }));
    expect(serializeJson({ ...around, root: added })).toBe(
      '{\n  "a": [\n    1\n  ],\n  "b": {\n    "c": [\n      1.5,\n      "x"\n    ]\n  }\n}',
    );
  });

  test('gives data in which __proto__ is a name like any other', () => {
    const plain = toPlain(parseJson('{"__proto__": {"polluted": true}, "toString": 1}').root) as object;
    expect(Object.keys(plain)).toEqual(['__proto__', 'toString']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('refused, with the path', () => {
  test.each([
    ['duplicate keys', '{"a": {"b": 1, "b": 2}}', 'a.b'],
    ['duplicate keys, one of them escaped', '{"ab": 1, "\\u0061b": 2}', 'ab'],
    ['text behind the end', '{} {}', ''],
    ['a text that ends too early', '{"a": [1, 2', 'a'],
    ['a control character in a string', '["a\nb"]', '[0]'],
    ['a number that starts with 0', '[01]', ''],
    ['a comma too many', '[1,]', '[1]'],
    ['a key without quotes', '{a: 1}', ''],
    ['nothing', '', ''],
  ])('%s', (_name, text, path) => {
    const error = refused(text);
    expect(error.code).toBe('bad-json');
    expect(error.where.field ?? '').toBe(path);
  });

  test.each(['[', '{"a":'])('nesting a million deep with %s', (opening) => {
    const started = performance.now();
    expect(refused(opening.repeat(1_000_000)).message).toContain(`${MAX_JSON_DEPTH} levels`);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test.each(['[', '{"a":['])('more values than any model has, in %s', (opening) => {
    const most = `${opening}${'1,'.repeat(MAX_JSON_VALUES - 10)}1]${opening === '[' ? '' : '}'}`;
    expect(parseJson(most).root.kind).toBe(opening === '[' ? 'array' : 'object');
    expect(refused(`${opening}${'1,'.repeat(2 * MAX_JSON_VALUES)}`).message).toContain(`more than ${MAX_JSON_VALUES}`);
  });
});
