import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
};

// Reading the declarations of packages takes longest: once for all programs.
const declarations = new Map<string, ts.SourceFile | undefined>();
const plainHost = ts.createCompilerHost(OPTIONS);
const host: ts.CompilerHost = {
  ...plainHost,
  getSourceFile(name, ...rest) {
    if (!name.endsWith('.d.ts')) return plainHost.getSourceFile(name, ...rest);
    if (!declarations.has(name)) declarations.set(name, plainHost.getSourceFile(name, ...rest));
    return declarations.get(name);
  },
};

/** What the type checker says of a program that stands in a folder, and the same program as JavaScript. */
export function checkTypes(folder: string, name: string, code: string): { complaints: string[]; script: string } {
  const path = join(folder, `${name}.mts`);
  writeFileSync(path, code);
  const program = ts.createProgram([path], OPTIONS, host);
  const complaints = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const script = join(folder, `${name}.mjs`);
  writeFileSync(script, ts.transpileModule(code, { compilerOptions }).outputText);
  return { complaints, script };
}
