import ts from 'typescript';
import { docOf, exportsOf, fileOf } from './source.mjs';

const HEAD = `# The library

<!-- Written by \`npm run docs\` out of the doc comments: change those, not this page. -->

\`import { … } from 'se-retrofit'\`. The package is ESM with its types. Everything that is refused is a \`RetrofitError\`;
[OPTIONS.md](OPTIONS.md#error-codes) lists the codes and what \`--json\` prints.
`;

const WEB = `## In a browser

\`import { … } from 'se-retrofit/web'\` is the library without a file system, for every format, behind any bundler. Files are
pairs of a path and a \`Blob\` or \`Uint8Array\`, and what is written are the bytes that the command line writes. In a web
worker weights stay where the browser keeps them; on a page itself a whole HDF5 file (a \`.h5\`, the weights in a
\`.keras\`) is in memory while it is read. What is not below is the same as above, as far as a browser has it.
`;

/** docs/API.md: every export of src/index.ts with its signature and its doc comment, and what src/web.ts has of its own. */
export function apiPage(source) {
  const list = (file) => [...exportsOf(source, file)].sort(([left], [right]) => (left < right ? -1 : 1));
  const exported = list('src/index.ts');
  const entries = exported.map(([name, symbol]) => entryOf(source, name, symbol, 'src/index.ts'));
  const known = new Set(exported.map(([, symbol]) => symbol));
  const ofWeb = list('src/web.ts').filter(([, symbol]) => !known.has(symbol) && !isOfReports(symbol));
  const sections = [
    ['Functions', entries.filter(({ kind }) => kind === 'function')],
    ['Values', entries.filter(({ kind }) => kind === 'value')],
    ['Types', entries.filter(({ kind }) => kind === 'type')],
  ];
  const web = [WEB, ...ofWeb.map(([name, symbol]) => entryOf(source, name, symbol, 'src/web.ts').text)];
  return [
    HEAD,
    ...sections.flatMap(([title, list]) => [`## ${title}\n`, ...list.map(({ text }) => text)]),
    ...web,
  ].join('\n');
}

/** What a page shows of a report is for pages like ours. */
const isOfReports = (symbol) =>
  /^src\/report\/(?!figures\/)/.test(fileOf(symbol.valueDeclaration ?? symbol.declarations[0]));

/** @param from the file that exports it */
function entryOf(source, name, symbol, from) {
  const declaration = symbol.valueDeclaration ?? symbol.declarations[0];
  const file = fileOf(declaration);
  const type = source.checker.getTypeOfSymbol(symbol);
  const [signature] = symbol.flags & ts.SymbolFlags.Class ? [] : type.getCallSignatures();
  const isType = ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration);
  const isClass = ts.isClassDeclaration(declaration);
  const kind = signature !== undefined ? 'function' : isType || isClass ? 'type' : 'value';
  const code = signature !== undefined ? signatureText(source, name, signature) : codeOf(declaration, isType, isClass);
  const text = [
    `### ${name}`,
    '',
    ...(code === undefined ? [] : ['```ts signature', code, '```', '']),
    ...docLines(source, symbol, from),
    `<sub>[${file}](../${file})</sub>`,
    '',
  ].join('\n');
  return { kind, text };
}

/** The declaration as it stands in the source, bodies left out; nothing of a zod schema, which OPTIONS.md puts in words. */
function codeOf(declaration, isType, isClass) {
  if (isType) return declaration.getText();
  if (!isClass) return declaration.getText().includes('z.') ? undefined : `const ${declaration.getText()}`;
  const members = declaration.members
    .filter((member) => !ts.isConstructorDeclaration(member))
    .map((member) => `  ${member.getText()}`);
  const maker = declaration.members.find(ts.isConstructorDeclaration);
  const fields = maker.parameters.filter(({ modifiers }) => modifiers !== undefined);
  return `class ${declaration.name.text} extends Error {\n${[
    ...fields.map((field) => `  ${field.getText()};`),
    ...members,
  ].join('\n')}\n}`;
}

function signatureText({ checker }, name, signature) {
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;
  const parameters = signature.parameters.map((parameter) => {
    const { valueDeclaration: declaration } = parameter;
    // What is taken apart in the head of a function has no name of its own.
    const shown = ts.isBindingPattern(declaration.name) ? 'options' : parameter.name;
    const isOptional = declaration.questionToken !== undefined || declaration.initializer !== undefined;
    const type =
      declaration.type?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(parameter), declaration, flags);
    return `${shown}${isOptional ? '?' : ''}: ${type}`;
  });
  const result =
    signature.declaration.type?.getText() ?? checker.typeToString(signature.getReturnType(), undefined, flags);
  const types = signature.declaration.typeParameters?.map((parameter) => parameter.getText()).join(', ');
  const head = `function ${name}${types === undefined ? '' : `<${types}>`}`;
  const one = `${head}(${parameters.join(', ')}): ${result}`;
  return one.length <= 110 ? one : `${head}(\n${parameters.map((line) => `  ${line},\n`).join('')}): ${result}`;
}

/** The doc comment: what it is, parameters, result, errors, and an example that runs. */
function docLines(source, symbol, file) {
  const tags = symbol.getJsDocTags(source.checker);
  const textsOf = (name) =>
    tags.filter((tag) => tag.name === name).map((tag) => ts.displayPartsToString(tag.text).replace(/\s*\n\s*/g, ' '));
  const doc = docOf(source, symbol);
  const items = [
    ...textsOf('param').map((text) => text.replace(/^(\S+)\s+(?:- )?/, '- `$1`: ')),
    ...textsOf('returns').map((text) => `- Returns ${text}`),
    ...textsOf('throws').map((text) => `- Throws ${text}`),
  ];
  const examples = tags.filter(({ name }) => name === 'example').map(({ text }) => ts.displayPartsToString(text));
  return [
    ...(doc === '' ? [] : [doc, '']),
    ...(items.length === 0 ? [] : [...items, '']),
    ...examples.flatMap((example) => [
      ...(file === 'src/web.ts' ? [NOT_RUN, ''] : []),
      '```ts',
      withImports(source, example, file),
      '```',
      '',
    ]),
  ];
}

const PACKAGES = { 'src/index.ts': 'se-retrofit', 'src/web.ts': 'se-retrofit/web' };
/** There are no dropped files outside of a browser. */
const NOT_RUN = '<!-- not run: it is for a browser; test/web runs the same in Chromium -->';

/** An example with the import of what it uses of the library. */
function withImports(source, example, file) {
  const used = [...exportsOf(source, file).keys()].filter((name) => new RegExp(`\\b${name}\\b`).test(example));
  return `import { ${used.sort().join(', ')} } from '${PACKAGES[file]}';\n\n${example}`;
}
