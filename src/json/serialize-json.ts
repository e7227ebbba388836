import type { JsonDocument, JsonItem, JsonMember, JsonValue } from './json-value.js';

/** A document's white space between values; values added to it are written in the same style. */
interface JsonStyle {
  /** One level of indentation; undefined where everything stands on one line. */
  readonly indent: string | undefined;
  /** White space after a comma, on one line. */
  readonly gap: string;
  readonly colon: string;
}

const COMPACT: JsonStyle = { indent: undefined, gap: '', colon: ':' };

/** The text of a document: the very text it was parsed from, wherever nothing was changed. */
export function serializeJson(document: JsonDocument): string {
  const style = detectStyle(document.root);
  let text = document.lead;
  append(document.root, 0);
  return text + document.trail;

  function append(value: JsonValue, depth: number): void {
    if (value.kind === 'array') {
      text += '[';
      appendAll(value.items, depth);
      text += `${value.end ?? closing(value.items, depth)}]`;
    } else if (value.kind === 'object') {
      text += '{';
      appendAll(value.members, depth);
      text += `${value.end ?? closing(value.members, depth)}}`;
    } else {
      text += value.text;
    }
  }

  function appendAll(items: readonly (JsonItem | JsonMember)[], depth: number): void {
    let index = 0;
    for (const item of items) {
      if (index > 0) text += ',';
      text += item.lead ?? opening(index, depth + 1);
      if ('keyText' in item) text += item.keyText + (item.colon ?? style.colon);
      append(item.value, depth + 1);
      if (item.trail !== undefined) text += item.trail;
      index++;
    }
  }

  function opening(index: number, depth: number): string {
    if (style.indent !== undefined) return `\n${style.indent.repeat(depth)}`;
    return index === 0 ? '' : style.gap;
  }

  function closing(items: readonly unknown[], depth: number): string {
    return style.indent !== undefined && items.length > 0 ? `\n${style.indent.repeat(depth)}` : '';
  }
}

function detectStyle(root: JsonValue): JsonStyle {
  if (root.kind !== 'object') return COMPACT;
  const [first, second] = root.members;
  const colon = first?.colon ?? ':';
  const lead = first?.lead ?? '';
  if (lead.includes('\n')) return { indent: lead.slice(lead.lastIndexOf('\n') + 1), gap: ' ', colon };
  return { indent: undefined, gap: second?.lead ?? '', colon };
}
