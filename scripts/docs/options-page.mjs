import { listCodes } from './codes.mjs';
import { docOf, exportsOf } from './source.mjs';
import { fieldLines } from './types-in-words.mjs';

const HEAD = `# Options, codes and reports

<!-- Written by \`npm run docs\` out of the program itself: change that, not this page. -->
`;

/** docs/OPTIONS.md, out of the command line's own data and of the source. */
export function optionsPage(
  { program, configured, configSchema, exitCodes, signalExitCodes, skipReasons, exactBy },
  source,
) {
  const { errors, warnings } = listCodes(source);
  const exitCodeOf = (kind) => String(exitCodes[kind]);
  return `${[
    HEAD,
    'Results go to stdout, messages to stderr. Options may stand before or behind the model; `--name value` and `--name=value`',
    'are the same.',
    '',
    ...program.commands.flatMap(commandSection),
    '## The config file',
    '',
    '`--config FILE` gives the options of `add` and `inspect` as JSON ([schema](../schemas/config.schema.json)); flags win.',
    '',
    ...table(['key', 'value', 'what it does'], configRows(configSchema)),
    '',
    `For ${configured.map((name) => `\`${name}\``).join(', ')} the keys are the names of their flags, as a report's \`options\` has them: \`--learning-rate\` is`,
    '`learningRate`. A key that the command has no flag for is refused.',
    '',
    '## Exit codes',
    '',
    ...table(['code', 'meaning'], exitRows(source, exitCodes, signalExitCodes)),
    '',
    '## Error codes',
    '',
    'With `--json`, `error.code` is one of these; the library throws a `RetrofitError` with the same `code`. `…` stands for',
    'what differs. Of an interrupted command it is `interrupted`.',
    '',
    ...table(
      ['code', 'exit', 'says, for example'],
      errors.map(({ code, kind, message }) => [`\`${code}\``, exitCodeOf(kind), prose(message)]),
    ),
    '',
    '## Warning codes',
    '',
    ...table(
      ['code', 'says, for example'],
      warnings.map(({ code, message }) => [`\`${code}\``, prose(message)]),
    ),
    '',
    '## Why a block got no module',
    '',
    ...table(['`skipped[].reason`', 'meaning'], codeRows(skipReasons)),
    '',
    '## How a module is exact',
    '',
    ...table(['`sites[].exactBy`', 'where the factor 2 went'], codeRows(exactBy)),
    '',
    '## What `--json` prints',
    '',
    'One object, on one line. Fields are added from version to version, never renamed or removed. The library exports a zod',
    'schema of each.',
    '',
    ...reportSections(source),
  ].join('\n')}`;
}

function commandSection(command) {
  const args = command.registeredArguments;
  return [
    `## se-retrofit ${[command.name(), ...args.map((arg) => `<${arg.name()}${arg.variadic ? '...' : ''}>`)].join(' ')}`,
    '',
    `${sentence(command.description())}`,
    '',
    ...command.aliases().map((alias) => `- also called \`${alias}\``),
    ...args.map((arg) => `- \`<${arg.name()}${arg.variadic ? '...' : ''}>\`: ${prose(arg.description)}`),
    ...(args.length > 0 ? [''] : []),
    ...table(['option', 'what it does', 'choices', 'default'], command.options.map(optionRow)),
    '',
  ];
}

function optionRow(option) {
  const { flags, description, argChoices, defaultValue, mandatory } = option;
  const [, text, stated] = /^(.*?)(?: \(default: (.*)\))?$/.exec(description);
  const [, what, listed] = /^(.*?)(?:: ((?:\w+, )+\w+))?$/.exec(text);
  // A list of words in the text is one of choices only where a default is among them.
  const choices = argChoices ?? (listed?.split(', ').includes(stated) ? listed.split(', ') : undefined);
  const fallback = stated ?? (defaultValue === undefined ? undefined : String(defaultValue));
  return [
    `\`${flags}\``,
    prose(argChoices === undefined && choices !== undefined ? what : text) + (mandatory ? ' (required)' : ''),
    choices?.map((choice) => `\`${choice}\``).join(', ') ?? '',
    prose(fallback ?? ''),
  ];
}

const configRows = ({ properties }) =>
  Object.entries(properties).map(([key, schema]) => [`\`${key}\``, valueInWords(schema), prose(schema.description)]);

function valueInWords({ type, enum: choices, anyOf, const: only, items, minimum, maximum }) {
  if (only !== undefined) return `\`"${only}"\``;
  if (choices !== undefined) return choices.map((choice) => `\`"${choice}"\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(valueInWords).join(' or ');
  if (type === 'null') return 'null';
  if (type === 'array') return `list of: ${valueInWords(items)}`;
  if (type !== 'number' && type !== 'integer') return type === 'boolean' ? 'true or false' : 'text';
  const noun = type === 'integer' ? 'whole number' : 'number';
  const most = maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
  return `${noun} from ${minimum}${most}`;
}

function exitRows(source, exitCodes, signalExitCodes) {
  const doc = docOf(source, exportsOf(source, 'src/errors.ts').get('ErrorKind'));
  const meaningOf = (kind) => new RegExp(`- \`${kind}\`: (.*)`).exec(doc)[1];
  return [
    ['0', 'done'],
    ['1', 'a defect of se-retrofit: please report it'],
    ...Object.entries(exitCodes)
      .filter(([kind]) => kind !== 'defect')
      .map(([kind, code]) => [String(code), prose(meaningOf(kind))]),
    ...Object.entries(signalExitCodes).map(([signal, code]) => [String(code), `interrupted (${signal})`]),
  ];
}

function reportSections(source) {
  const named = [
    ...exportsOf(source, 'src/report/report-schemas.ts'),
    ...exportsOf(source, 'src/report/tune-schema.ts'),
  ];
  const symbols = new Map(named);
  return [...symbols.keys()]
    .filter((name) => name.endsWith('ReportSchema'))
    .flatMap((name) => {
      const type = source.checker.getDeclaredTypeOfSymbol(symbols.get(typeNameOf(name)));
      return [`### ${name}`, '', docOf(source, symbols.get(name)), '', ...fieldLines(source, type), ''];
    });
}

/** `addReportSchema` is the schema of `AddReport`. */
const typeNameOf = (schema) => schema[0].toUpperCase() + schema.slice(1).replace(/Schema$/, '');

const codeRows = (meanings) => Object.entries(meanings).map(([code, meaning]) => [`\`${code}\``, prose(meaning)]);

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** Text that Markdown takes as it is. */
const prose = (text) => text.replace(/[<>|*_]/g, (sign) => `\\${sign}`);

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
