import { type Container, type ContainerFacts, factsOfContainer } from '../containers.js';
import { LOADER_NAMES } from '../format-names.js';
import type { WriteResult } from '../formats/output/write-to.js';
import type { LoaderVerdict } from '../formats/verdict/loaders.js';
import type { Inspection } from '../inspect.js';
import type { CommandVerdict } from '../list-commands.js';
import type { Model, Warning } from '../model/model.js';
import type { Plan, PlannedStage, Site } from '../plan/plan.js';
import type { RetrofittedModule } from '../plan/retrofitted-modules.js';
import { count, plural } from '../plural.js';
import type { ListedLayer } from '../stages/list-layers.js';
import { groupedByReason } from './error-line.js';
import { percentOf } from './json-report.js';
import { byteSize, magnitude, percent, printable, printablePath, visible } from './printable.js';
import { exactBySentence } from './sentences.js';
import type { Table } from './table.js';

/** One row a stage: its shape, and the modules it gets. */
export function stageTable(plan: Plan): Table {
  return {
    head: ['stage', 'size', 'blocks', 'modules', 'channels -> units', '+params', '+MACs', 'exact by'],
    rightAligned: new Set([0, 1, 2, 3, 5, 6]),
    rows: plan.stages.map((stage) => [
      String(stage.stage),
      stage.size.map((size) => size ?? '?').join(' x ') || '?',
      String(stage.blocks.length),
      modulesCell(stage),
      unitsCell(stage.sites),
      count(stage.sites.reduce((sum, site) => sum + site.params, 0)),
      magnitude(
        stage.sites.reduce<number | null>(
          (sum, site) => (sum === null || site.macs === null ? null : sum + site.macs),
          0,
        ),
      ),
      exactCell(stage.sites),
    ]),
  };
}

/** One row a module; `nameOf` shows the name of a layer. */
export const siteTable = (sites: readonly Site[], nameOf: (name: string) => string): Table => ({
  head: ['module', 'after', 'channels', 'units', 'params', 'MACs', 'exact by'],
  rightAligned: new Set([2, 3, 4, 5]),
  rows: sites.map(({ name, after, channels, units, params, macs, exactBy }) => [
    nameOf(name),
    nameOf(after),
    count(channels),
    count(units),
    count(params),
    magnitude(macs),
    exactBySentence(exactBy),
  ]),
});

function modulesCell({ sites, skipped, blocks }: PlannedStage): string {
  if (skipped) return 'skipped';
  const held = blocks.filter((block) => block.module !== undefined).length;
  return held === 0 ? String(sites.length) : `${sites.length} (${held} there)`;
}

/** Distinct sizes, the frequent way short: `256 -> 16`, `64..128 -> 4..8`. */
function unitsCell(sites: readonly Site[]): string {
  if (sites.length === 0) return '-';
  const span = (numbers: readonly number[]) => {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    return low === high ? String(low) : `${low}..${high}`;
  };
  return `${span(sites.map((site) => site.channels))} -> ${span(sites.map((site) => site.units))}`;
}

function exactCell(sites: readonly Site[]): string {
  if (sites.length === 0) return '-';
  const counts = new Map<string, number>();
  for (const site of sites) {
    const sentence = exactBySentence(site.exactBy);
    counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  }
  return counts.size === 1
    ? [...counts.keys()][0]!
    : [...counts].map(([sentence, times]) => `${sentence} (${times})`).join(', ');
}

/** The totals in one line, next to those of the paper's formula for the same sites. */
export function totalsLine({ sites, params, macs, options }: Plan): string {
  if (sites.length === 0) return 'no modules';
  const paper = params.added === params.paper ? 'just as the paper' : `${count(params.paper)} by the paper`;
  return (
    `${plural(sites.length, 'module')}: ` +
    `+${plural(params.added, 'parameter')} (${percent(percentOf(params.added, params.before))}; ${paper}'s formula at r = ${options.ratio}), ` +
    `+${magnitude(macs.added)} MACs ${macs.before === null ? '' : `(${percent(percentOf(macs.added, macs.before))}) `}` +
    `and ${magnitude(macs.additions)} additions an image`
  );
}

/** Blocks and apparent blocks that get no module; equal reasons together. Skipped stages are not listed. */
export const skippedLines = (plan: Plan): readonly string[] =>
  groupedByReason(
    plan.skipped
      .filter(({ reason }) => reason !== 'stage-skipped' && reason !== 'stage-not-chosen')
      .map(({ layer, reason }) => ({ code: reason, layer })),
  ).map((line) => `no module behind ${line}`);

export const warningLine = ({ message, where }: Warning): string =>
  `${where === null ? '' : `${printablePath(where)}: `}${visible(message)}`;

/** Names the output, its size and the time it took. */
export const outputLine = (model: Model, result: WriteResult, milliseconds: number): string =>
  `${printablePath(result.path)}  (${byteSize(model.bytes)}${weightsWords(model)} -> ${byteSize(result.bytes)}, ${Math.round(milliseconds)} ms)`;

/** Names the file that an architecture's weights were read from, which need not have been given; empty for other models. */
export function weightsWords({ format, files }: Pick<Model, 'format' | 'files'>): string {
  const weights = factsOfContainer(format.container).weightsEnding === undefined ? undefined : files[1];
  return weights === undefined ? '' : ` with ${printablePath(weights.path.replace(/^.*[\\/]/, ''))}`;
}

/** Names the modules that were taken out. */
export function removedLine(modules: readonly RetrofittedModule[]): string {
  const names = modules.slice(0, 4).map(({ name }) => printable(name));
  const more = modules.length > names.length ? ` and ${modules.length - names.length} more` : '';
  return `taken out: ${names.join(', ')}${more}`;
}

/** Suggests the next steps with the new model, in the language of its format's users. */
export function nextSteps(plan: Plan, container: Container): readonly string[] {
  const { loader, lines } = freezingCode(plan, container);
  return [
    `Next: ${freezingSentence(plan)}`,
    ...lines.map((line, index) => `  ${(index === 0 ? loader : '').padEnd(15)}${line}`),
  ];
}

/** Says what the new model computes, and what is to be done first; code follows. */
export const freezingSentence = ({ exact }: Plan): string =>
  exact
    ? 'the new model computes what the old one did. Fine-tune it, the modules first:'
    : 'the new model computes something else until it is trained. Train it, the modules first:';

/** Code that freezes all but the modules, for the users of a container. */
export function freezingCode({ sites }: Plan, container: Container) {
  // A nested model that is frozen freezes its modules too, and so does a wrapper.
  const isNested = sites.some(({ graph }) => graph.length > 0);
  const { library } = factsOfContainer(container);
  const [flat, nested] = FREEZING[library];
  return { loader: library, lines: isNested ? nested : flat };
}

/** In a model, and in one that holds models. */
type Freezing = readonly [flat: readonly string[], nested: readonly string[]];

const TENSORFLOW_JS: Freezing = [
  ["model.layers.forEach((layer) => { layer.trainable = layer.name.startsWith('se_'); })"],
  [
    "(function train(layers) { layers.forEach((layer) => { const inside = layer.layers ?? (layer.getClassName() === 'TimeDistributed' && [layer.layer]); layer.trainable = !!inside || layer.name.startsWith('se_'); if (inside) train(inside); }); })(model.layers)",
  ],
];

const KERAS: Freezing = [
  ["for layer in model.layers: layer.trainable = layer.name.startswith('se_')"],
  [
    "for layer in (layers := list(model.layers)): inside = list(getattr(layer, 'layers', [layer.layer] if type(layer).__name__ == 'TimeDistributed' else [])); layer.trainable = bool(inside) or layer.name.startswith('se_'); layers += inside",
  ],
];

const FREEZING: Readonly<Record<ContainerFacts['library'], Freezing>> = {
  'TensorFlow.js': TENSORFLOW_JS,
  Keras: KERAS,
};

/** Every layer of a model, one a row. */
export const layerTable = (layers: readonly ListedLayer[]): Table => ({
  head: ['layer', 'class', 'shape', 'stage'],
  rightAligned: new Set([3]),
  rows: layers.map(({ name, className, shape, stage }) => [
    printable(name),
    printable(className),
    shape === null ? 'unknown' : shape.map((size) => size ?? '?').join(' x '),
    String(stage),
  ]),
});

/** Which commands can compute with the model, and why the others cannot: a line for those with the same answer. */
export function commandLines(verdicts: readonly CommandVerdict[]): readonly string[] {
  const answers = verdicts.map((verdict) => ({ command: verdict.command, answer: answerOf(verdict) }));
  return [...new Set(answers.map(({ answer }) => answer))].map((said) => {
    const commands = answers.filter(({ answer }) => answer === said).map(({ command }) => command);
    return `${commands.join(', ').padEnd(14)} ${said}`;
  });
}

function answerOf({ blockedBy, without }: CommandVerdict): string {
  if (blockedBy === null)
    return `can compute with it${without.length === 0 ? '' : `, without what only training does: ${without.map(printable).join(', ')}`}`;
  const { layer, field, reason } = blockedBy;
  return field === '' ? `cannot: the model ${reason}` : `cannot, for "${printable(layer)}": ${printable(reason)}`;
}

const CONVERT: Readonly<Record<LoaderVerdict['loader'], string>> = {
  tfjs: 'se-retrofit convert -o NAME',
  keras2: 'se-retrofit convert -o NAME.keras --dialect keras2',
  keras3: 'se-retrofit convert -o NAME.keras --dialect keras3',
};

/** One line a loader: whether it takes the model, unchanged or converted, and why not. */
export const loaderLines = (
  { loads, converts }: Pick<Inspection, 'loads' | 'converts'>,
  { format, warnings }: Pick<Model, 'format' | 'warnings'>,
): readonly string[] =>
  loads.map(({ loader, blockedBy }) => {
    const name = LOADER_NAMES[loader].padEnd(14);
    const isWhole = !warnings.some(({ code }) => code === 'graph-file-missing');
    const isOwn = isWhole && factsOfContainer(format.container).loaders.includes(loader);
    if (blockedBy === null && isOwn) return `${name} loads it`;
    if (blockedBy === null || converts.includes(loader)) return `${name} takes it, converted (${CONVERT[loader]})`;
    if (loader === 'tfjs' && !isOwn)
      return `${name} does not take it, converted either: "${printable(blockedBy.layer)}": ${printable(blockedBy.reason)}`;
    return `${name} ${isOwn ? 'does not load it' : 'does not take it as it is'}: in "${printable(blockedBy.layer)}", ${blockedBy.field} ${printable(blockedBy.reason)}`;
  });
