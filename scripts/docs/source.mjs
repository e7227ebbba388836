import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The program's own source as the TypeScript compiler sees it. */
export function loadSource() {
  const config = `${ROOT}tsconfig.build.json`;
  const { fileNames, options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  );
  const program = ts.createProgram(fileNames, options);
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${ROOT}src/`));
  return { checker: program.getTypeChecker(), files };
}

/** The exports of a file of the source, by name; what is exported from elsewhere is followed there. */
export function exportsOf({ checker, files }, name) {
  const file = files.find(({ fileName }) => fileName === ROOT + name);
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file));
  return new Map(
    exported.map((symbol) => [
      symbol.name,
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    ]),
  );
}

/** The file in which a declaration stands, from the root of the repository. */
export const fileOf = (node) => relative(ROOT, node.getSourceFile().fileName).split(sep).join('/');

/** A doc comment's text, each paragraph or item of a list on one line. */
export const docOf = ({ checker }, symbol) =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s*\n\s*(?!- )/g, ' ');
