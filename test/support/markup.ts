/** An element of a page or a drawing. */
export interface MarkupElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text right inside, entities resolved. */
  text: string;
  readonly children: MarkupElement[];
}

const VOID: readonly string[] = ['meta', 'input'];
/** What is inside is no markup. */
const RAW: readonly string[] = ['style', 'script'];
const TOKEN =
  /<!doctype html>|<\?xml [^>]*\?>|<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>|([^<>]+)/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/**
 * Reads the markup that we write, strictly: every tag closed in its order, every attribute quoted, every mark escaped.
 * @throws Error where it is not so, with what stands there
 */
export function parseMarkup(source: string): MarkupElement {
  const root: MarkupElement = { name: '', attributes: {}, text: '', children: [] };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw new Error(`no markup at ${at}: ${source.slice(at, at + 80)}`);
    const [, closes, name, attributes, isEmpty, text] = match;
    const top = open.at(-1)!;
    if (text !== undefined) top.text += resolved(text);
    if (name === undefined) continue;
    if (closes) {
      if (top.name !== name) throw new Error(`</${name}> closes <${top.name}> at ${at}`);
      open.pop();
      continue;
    }
    const element: MarkupElement = { name, attributes: parseAttributes(attributes!), text: '', children: [] };
    top.children.push(element);
    if (RAW.includes(name)) {
      const end = source.indexOf(`</${name}>`, TOKEN.lastIndex);
      element.text = source.slice(TOKEN.lastIndex, end);
      TOKEN.lastIndex = end + name.length + 3;
    } else if (!isEmpty && !VOID.includes(name)) {
      open.push(element);
    }
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is never closed`);
  return root;
}

/** All elements inside, by name if one is given. */
export function* listElements(root: MarkupElement, name?: string): Generator<MarkupElement> {
  for (const child of root.children) {
    if (name === undefined || child.name === name) yield child;
    yield* listElements(child, name);
  }
}

/** All text inside. */
export const textOf = (element: MarkupElement): string =>
  element.text + element.children.map((child) => textOf(child)).join('');

function parseAttributes(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(/\s+([\w:-]+)(?:="([^"]*)")?/g)].map(
    ([, key, value = '']) => [key!, resolved(value)] as const,
  );
  if (new Set(found.map(([key]) => key)).size !== found.length) throw new Error(`an attribute twice:${text}`);
  return Object.fromEntries(found);
}

function resolved(text: string): string {
  return text.replace(/&([^;]*;?)/g, (all, name: string) => {
    const mark = ENTITIES[name.replace(/;$/, '')];
    if (mark === undefined || !name.endsWith(';')) throw new Error(`no entity: ${all}`);
    return mark;
  });
}
