import { inputError, RetrofitError } from '../errors.js';
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from '../limits.js';
import {
  decodeString,
  type JsonDocument,
  type JsonItem,
  type JsonMember,
  type JsonScalar,
  type JsonValue,
} from './json-value.js';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
// Python's json module writes these for floats that JSON has no token for.
const PYTHON_NUMBER = /NaN|-?Infinity/y;

/** Most tokens that are remembered: recurring ones appear early, and a file of distinct texts must not cost more. */
const MOST_REMEMBERED = 2 ** 14;

type MemberKey = Pick<JsonMember, 'key' | 'keyText'>;

/**
 * Parses a JSON text, keeping every token and all white space. Refuses texts that two readers may understand
 * differently: duplicate keys, trailing text, nesting beyond a cap.
 * @throws RetrofitError `bad-json` with the path of the place.
 */
export function parseJson(text: string): JsonDocument {
  let at = 0;
  let values = 0;
  // The same few texts come again and again: one string each is less to keep, and quicker to look up and compare.
  const keys = new Map<string, MemberKey>();
  const scalars = new Map<string, JsonScalar>();
  const path: (string | number)[] = [];

  const fail = (message: string): never => {
    throw inputError('bad-json', `${message} (at character ${at})`, {
      where: { field: formatPath(path) },
      hint: 'the file is not the JSON of a model, or it is damaged: save or download it again',
    });
  };

  const whitespace = (): string => {
    const start = at;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break;
    }
    return start === at ? '' : text.slice(start, at);
  };

  const token = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return undefined;
    const start = at;
    at = pattern.lastIndex;
    return text.slice(start, at);
  };

  const string = (): string => {
    const start = at;
    let escaped = false;
    for (at++; ; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        at++;
      } else if (!(code >= 0x20)) fail('unfinished string, or a control character in one');
    }
    at++;
    const found = text.slice(start, at);
    if (escaped && !isJson(found)) fail('malformed escape in a string');
    return found;
  };

  const value = (depth: number): JsonValue => {
    values += 1;
    if (values > MAX_JSON_VALUES) fail(`more than ${MAX_JSON_VALUES} values`);
    if (depth > MAX_JSON_DEPTH) fail(`nested more than ${MAX_JSON_DEPTH} levels deep`);
    switch (text.charCodeAt(at)) {
      case 0x7b:
        return object(depth);
      case 0x5b:
        return array(depth);
      case 0x22:
        return remembered(scalars, string(), STRING);
      default: {
        const number = token(NUMBER) ?? token(PYTHON_NUMBER);
        if (number !== undefined) return remembered(scalars, number, NUMERIC);
        const literal = token(LITERAL);
        if (literal !== undefined) return remembered(scalars, literal, WORD);
        return fail(at >= text.length ? 'the text ends too early' : 'expected a JSON value');
      }
    }
  };

  /** After a value: true if a comma follows, false if the closing bracket does. */
  const more = (close: string): boolean => {
    const found = text[at];
    if (found !== ',' && found !== close) fail(`expected "," or "${close}"`);
    at++;
    return found === ',';
  };

  const array = (depth: number): JsonValue => {
    const items: JsonItem[] = [];
    at++;
    let lead = whitespace();
    if (text[at] === ']') {
      at++;
      return { kind: 'array', items, end: lead };
    }
    for (;;) {
      path.push(items.length);
      const item = value(depth + 1);
      path.pop();
      const trail = whitespace();
      if (more(']')) {
        items.push(trail === '' ? { lead, value: item } : { lead, value: item, trail });
        lead = whitespace();
      } else {
        items.push({ lead, value: item });
        return { kind: 'array', items, end: trail };
      }
    }
  };

  const object = (depth: number): JsonValue => {
    const members: JsonMember[] = [];
    const seen = new Set<string>();
    at++;
    let lead = whitespace();
    if (text[at] === '}') {
      at++;
      return { kind: 'object', members, end: lead };
    }
    for (;;) {
      if (text[at] !== '"') fail('expected a key in double quotes');
      const { key, keyText } = remembered(keys, string(), memberKey);
      path.push(key);
      if (seen.has(key)) fail('duplicate key: two readers would see two models');
      seen.add(key);
      const colonStart = at;
      whitespace();
      if (text[at] !== ':') fail('expected ":"');
      at++;
      whitespace();
      const colon = text.slice(colonStart, at);
      const member = { lead, key, keyText, colon, value: value(depth + 1) };
      path.pop();
      const trail = whitespace();
      if (more('}')) {
        members.push(trail === '' ? member : { ...member, trail });
        lead = whitespace();
      } else {
        members.push(member);
        return { kind: 'object', members, end: trail };
      }
    }
  };

  const lead = whitespace();
  const root = value(0);
  const trail = whitespace();
  if (at < text.length) fail('text after the end of the JSON value');
  return { root, lead, trail };
}

function remembered<T>(known: Map<string, T>, token: string, make: (token: string) => T): T {
  let made = known.get(token);
  if (made === undefined) {
    made = make(token);
    if (known.size < MOST_REMEMBERED) known.set(token, made);
  }
  return made;
}

const scalarOf =
  (kind: JsonScalar['kind']) =>
  (text: string): JsonScalar => ({ kind, text });
const STRING = scalarOf('string');
const NUMERIC = scalarOf('number');
const WORD = scalarOf('literal');

const memberKey = (keyText: string): MemberKey => ({ key: decodeString(keyText), keyText });

/** Parses the value of a JSON text; undefined where it is not JSON. */
export function findJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text).root;
  } catch (error) {
    if (error instanceof RetrofitError) return undefined;
    throw error;
  }
}

function isJson(token: string): boolean {
  try {
    JSON.parse(token);
    return true;
  } catch {
    return false;
  }
}

/** `["a", 0, "b.c"]` as `a[0]["b.c"]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
