import ts from 'typescript';
import { fileOf } from './source.mjs';

const KINDS = { usageError: 'usage', refusal: 'refused', inputError: 'input', outputError: 'output' };

/**
 * Every code of an error or a warning in the source, with the kind of the error and one of its messages, in which `…`
 * stands for what differs.
 * @throws where a code is worked out in a way that this does not follow: it would be missing from the page
 */
export function listCodes(source) {
  const whole = { ...source, calls: callsByName(source.files) };
  const found = source.files.flatMap((file) => codesIn(whole, file));
  const byCode = (kind) => {
    const sorted = found.filter((one) => (one.kind === 'warning') === (kind === 'warning'));
    const keys = [...new Set(sorted.map(({ code, kind }) => `${code} ${kind}`))];
    return keys
      .map((key) => sorted.filter(({ code, kind }) => `${code} ${kind}` === key))
      .map((same) => same.find(({ message }) => /\w{3}/.test(message)) ?? same[0])
      .sort((left, right) => (left.code < right.code ? -1 : left.code > right.code ? 1 : 0));
  };
  return { errors: byCode('error'), warnings: byCode('warning') };
}

function codesIn(source, file) {
  const codes = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) codes.push(...codesOfCall(source, node));
    if (ts.isObjectLiteralExpression(node)) codes.push(...codesOfLiteral(source, node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return codes;
}

/** A call of a function that takes a `code` and makes an error or a warning of it. */
function codesOfCall({ checker, calls }, call) {
  if (!takesCode(checker, call.expression)) return [];
  const signature = checker.getResolvedSignature(call);
  const names = signature?.parameters.map(({ name }) => name) ?? [];
  const at = names.indexOf('code');
  if (at < 0) return [];
  const made = checker.getReturnTypeOfSignature(signature).symbol?.name;
  if (made !== 'RetrofitError' && made !== 'Warning') return [];
  const [code, message] = [call.arguments[at], call.arguments[names.indexOf('message')]];
  // The rows of that table are read where they stand.
  if (isPassedOn(code) || fileOf(call) === 'src/formats/find/foreign-files.ts') return [];
  const kind = made === 'Warning' ? 'warning' : kindOf(checker, call, signature);
  // An error that is thrown anew with more said: its code stands where it was made.
  if (kind === undefined) return [];
  const type = checker.getTypeAtLocation(code);
  const literals = type.isUnion() ? type.types : [type];
  if (!literals.every((one) => one.isStringLiteral())) {
    throw new Error(
      `${fileOf(call)}: ${call.getText()}: which codes this may have is not known to scripts/docs/codes.mjs`,
    );
  }
  const messages = message === undefined ? [''] : messagesOf({ checker, calls }, message);
  return literals.flatMap(({ value }) => messages.map((text) => ({ code: value, kind, message: text })));
}

/** Whether one of our own functions or classes has a parameter `code`, as it is declared: the types of most calls are dear. */
function takesCode(checker, callee) {
  const symbol = ts.isIdentifier(callee) ? checker.getSymbolAtLocation(callee) : undefined;
  const declared = symbol && (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  return declared?.declarations?.some((one) => /\bcode\b/.test(one.getText())) ?? false;
}

/** A warning that is written out, or a row of the table of files that are no models. */
function codesOfLiteral({ checker, calls }, literal) {
  const initialOf = (name) => {
    const property = literal.properties.find((one) => one.name?.getText() === name);
    if (property === undefined || ts.isPropertyAssignment(property)) return property?.initializer;
    return initializerOf(checker.getShorthandAssignmentValueSymbol(property)) ?? property.name;
  };
  const code = initialOf('code');
  if (code === undefined || !ts.isStringLiteral(code)) return [];
  const type = checker.getContextualType(literal)?.symbol?.name;
  const kind = { Warning: 'warning', ForeignFile: 'input' }[type];
  if (kind === undefined) return [];
  const message = initialOf('message');
  const messages = message === undefined ? [''] : messagesOf({ checker, calls }, message);
  return messages.map((text) => ({ code: code.text, kind, message: text }));
}

/** Whether a code is a parameter of the function around: then that one's calls tell it. */
const isPassedOn = (code) =>
  (ts.isIdentifier(code) && code.text === 'code') ||
  (ts.isPropertyAccessExpression(code) && code.name.text === 'code' && code.expression.getText() === 'error');

function kindOf(checker, call, signature) {
  const known = KINDS[call.expression.getText()];
  if (known !== undefined) return known;
  if (ts.isNewExpression(call)) {
    const type = checker.getTypeAtLocation(call.arguments[0]);
    return type.isStringLiteral() ? type.value : undefined;
  }
  // A function of ours around one of them: its body says which.
  const body = signature.declaration.getText();
  return KINDS[Object.keys(KINDS).find((name) => body.includes(`${name}(`))];
}

/** What a message may be: where the function around is given it, what that is called with. */
function messagesOf({ checker, calls }, message) {
  const around = ts.findAncestor(message, (node) => ts.isFunctionLike(node) && isGiven(node, message.getText()));
  if (!ts.isIdentifier(message) || around === undefined) return [textOf(checker, message)];
  const at = around.parameters.findIndex(({ name }) => name.getText() === message.text);
  const name = (around.name ?? around.parent.name)?.getText();
  return (calls.get(name) ?? []).flatMap((call) => (call.arguments[at] ? textOf(checker, call.arguments[at]) : []));
}

const isGiven = ({ parameters }, text) => parameters.some(({ name }) => name.getText() === text);

/** Every call in the source, by the name of what is called. */
function callsByName(files) {
  const calls = new Map();
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      calls.set(node.expression.text, [...(calls.get(node.expression.text) ?? []), node]);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) visit(file);
  return calls;
}

const initializerOf = (symbol) => symbol?.valueDeclaration?.initializer;

/** A message with `…` for what is put in. */
function textOf(checker, node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      ({ expression, literal }) => `${constantOf(checker, expression)}${literal.text}`,
    );
    return node.head.text + spans.join('');
  }
  if (ts.isConditionalExpression(node)) return textOf(checker, node.whenTrue);
  if (ts.isCallExpression(node)) return returnedText(checker, node);
  const value = ts.isIdentifier(node) ? initializerOf(checker.getSymbolAtLocation(node)) : undefined;
  return value === undefined ? '…' : textOf(checker, value);
}

/** A part of a message that is the same each time: a constant of the file. */
const constantOf = (checker, node) => (/^[A-Z_]+$/.test(node.getText()) ? textOf(checker, node) : '…');

/** What a function makes a message of, where it returns one that is written out. */
function returnedText(checker, call) {
  const { declaration } = checker.getResolvedSignature(call) ?? {};
  if (declaration?.body === undefined || !ts.isBlock(declaration.body)) return '…';
  const texts = declaration.body.statements.flatMap((statement) => {
    const returned = ts.isIfStatement(statement) ? statement.thenStatement : statement;
    return ts.isReturnStatement(returned) && returned.expression && !ts.isCallExpression(returned.expression)
      ? textOf(checker, returned.expression)
      : [];
  });
  return texts.find((text) => /\w{3}/.test(text)) ?? '…';
}
