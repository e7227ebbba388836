import type { JsonDocument, JsonItem, JsonMember, JsonValue } from './json-value.js';

/** How a document separates its values; what was added to it is written the same way. */
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
  const pieces: string[] = [document.lead];
  append(document.root, 0);
  pieces.push(document.trail);
  return pieces.join('');

  function append(value: JsonValue, depth: number): void {
    if (value.kind === 'array') {
      pieces.push('[');
      appendAll(value.items, depth);
      pieces.push(value.end ?? closing(value.items, depth), ']');
    } else if (value.kind === 'object') {
      pieces.push('{');
      appendAll(value.members, depth);
      pieces.push(value.end ?? closing(value.members, depth), '}');
    } else {
      pieces.push(value.text);
    }
  }

  function appendAll(items: readonly (JsonItem | JsonMember)[], depth: number): void {
    items.forEach((item, index) => {
      if (index > 0) pieces.push(',');
      pieces.push(item.lead ?? opening(index, depth + 1));
      if ('keyText' in item) pieces.push(item.keyText, item.colon ?? style.colon);
      append(item.value, depth + 1);
      if (item.trail !== undefined) pieces.push(item.trail);
    });
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
