// The library at work, where the page does not wait for it. One task after the other.
import {
  convertModel,
  countLayers,
  errorSentence,
  factsOfContainer,
  inspect,
  listChanging,
  listTrained,
  networkDrawing,
  planStrip,
  planWithWeights,
  RetrofitError,
  readModel,
  retrofit,
  siteTable,
  skippedLines,
  stageTable,
  strip,
  totalsLine,
  unpackFiles,
  writeModel,
  zipFiles,
} from 'se-retrofit/web';

/** The model that was read, its network without a plan, and the plan that was made last. */
let model;
let survey;
let planned;
/** Why there is no model, where the page thinks that there is one. */
let openError;

const TASKS = { open, plan, draw, make };

let last = Promise.resolve();
addEventListener('message', ({ data }) => {
  last = last.then(() => answer(data));
});

async function answer({ id, task, request }) {
  try {
    if (task !== 'open' && openError !== undefined) throw openError;
    postMessage({ id, result: await TASKS[task](request, reporter(id)) });
  } catch (error) {
    if (task === 'open') openError = error;
    postMessage({ id, error: fieldsOf(error) });
  }
}

function fieldsOf(error) {
  if (error instanceof RetrofitError) return { ...pick(error), sentence: errorSentence(error) };
  // What engines throw where an array or a text gets too long.
  const code = error instanceof RangeError ? 'out-of-memory' : 'defect';
  return { code, sentence: String(error), where: {}, facts: {} };
}

const pick = ({ kind, code, where, facts, hint }) => ({ kind, code, where, facts, hint });

/** Tells of bytes that are written, some times a second. */
function reporter(id) {
  let next = 0;
  return (done, total) => {
    if (performance.now() < next) return;
    next = performance.now() + 50;
    postMessage({ id, progress: { done, total } });
  };
}

async function open(files) {
  model = undefined;
  planned = undefined;
  openError = undefined;
  const unpacked = await unpackFiles(files);
  const read = await readModel(unpacked);
  const { plan, modules, loads } = inspect(read);
  model = read;
  survey = plan;
  return {
    title: titleOf(model.path),
    others: otherModels(unpacked, model),
    bytes: model.bytes,
    fileCount: model.files.length,
    format: model.format,
    tensorflow: model.tensorflowVersion,
    layers: countLayers(model.graph),
    params: plan.params.before,
    macs: plan.macs.before,
    stageCount: plan.stages.length,
    blocks: plan.network.blocks.length,
    modules,
    loads,
    ownLoaders: factsOfContainer(model.format.container).loaders,
    refused: refusals(),
    warnings: [...model.warnings],
  };
}

/** Why the model cannot be converted, by the targets that cannot hold it. */
function refusals() {
  const refused = {};
  for (const [name, { to, dialect }] of Object.entries(TARGETS)) {
    try {
      convertModel(model, { to, dialect });
    } catch (error) {
      refused[name] = fieldsOf(error);
    }
  }
  return refused;
}

/** The plan for some options; the last one is kept. */
async function planFor(options) {
  const key = JSON.stringify(options);
  if (planned?.key !== key) {
    // A SavedModel is never written: modules go into what takes its place.
    const base = model.format.container === 'saved-model' ? convertModel(model, {}) : model;
    planned = { key, base, plan: await planWithWeights(base, options) };
  }
  return planned;
}

async function plan({ options, columns }) {
  const { plan: made } = await planFor(options);
  return {
    drawing: networkDrawing(made, titleOf(model.path), columns),
    stages: stageTable(made),
    sites: siteTable(made.sites, (name) => name),
    siteCount: made.sites.length,
    totals: totalsLine(made),
    params: made.params,
    macs: made.macs,
    exact: made.exact,
    warnings: [...made.warnings],
    skipped: skippedLines(made),
    states: statesOf(made),
  };
}

/** What a legend has to explain. */
const statesOf = ({ sites, network, skipped }) => ({
  added: sites.length > 0,
  there: network.modules.length > 0,
  hollow: skipped.length > 0,
});

/** The network alone, as it is, or with the plan that was made last. */
function draw({ columns, isPlanned = false }) {
  const shown = (isPlanned && planned?.plan) || { ...survey, sites: [], skipped: [] };
  return { drawing: networkDrawing(shown, titleOf(model.path), columns), states: statesOf(shown) };
}

/** The new model as files, and as one file to download. */
async function make(request, onProgress) {
  const warnings = [];
  const { base, output, ...options } = await ACTIONS[request.action](request, warnings);
  // Those of the model as it was read stand beside it already.
  warnings.push(...base.warnings.filter((warning) => !model.warnings.includes(warning)));
  const files = await writeModel(base, {
    output,
    ...options,
    onProgress,
    onWarning: (warning) => warnings.push(warning),
  });
  const blobs = [...files].map(([name, content]) => [name, new Blob([content])]);
  const stem = output.replace(/\.\w+$/, '');
  const isOne = blobs.length === 1;
  const isFolder = blobs[0][0] === 'model.json';
  const members = isFolder ? blobs.map(([name, blob]) => [`${output}/${name}`, blob]) : blobs;
  return {
    files: blobs,
    download: isOne ? blobs[0] : [`${isFolder ? output : stem}.zip`, await zipFiles(members)],
    action: request.action,
    isExact: request.action !== 'add' || planned.plan.exact,
    bytesBefore: model.bytes,
    bytes: blobs.reduce((sum, [, { size }]) => sum + size, 0),
    warnings,
  };
}

const ACTIONS = {
  add: async ({ options }) => {
    const { base, plan } = await planFor(options);
    return { base: retrofit(base, plan), ...sameFormat(base, '-se') };
  },
  convert: async ({ target, quantize }) => {
    const { ending, suffix = '', ...format } = TARGETS[target];
    const base = convertModel(model, format);
    const stem = `${stemOf(model.path)}${suffix}`;
    // Two files of one name would lie beside each other among one's downloads.
    const isSame = `${stem}${ending}` === titleOf(model.path);
    return {
      base,
      ...format,
      output: `${stem}${isSame ? `-${format.dialect}` : ''}${ending}`,
      ...(target === 'tfjs' && quantize !== '' ? { quantize: () => quantize } : {}),
    };
  },
  strip: async (_, warnings) => {
    const plan = planStrip(model);
    const changing = listChanging(plan, await listTrained(model, plan.modules));
    if (changing.length > 0)
      warnings.push({
        code: 'function-changes',
        message: `${changing.length} of ${plan.modules.length === 1 ? '1 module' : `${plan.modules.length} modules`} did something, which is gone now`,
        where: null,
      });
    return { base: strip(model, plan), ...sameFormat(model, '-plain') };
  },
};

const TARGETS = {
  tfjs: { to: 'tfjs', ending: '', suffix: '-tfjs' },
  keras3: { to: 'keras-zip', dialect: 'keras3', ending: '.keras' },
  'keras3-h5': { to: 'keras-h5', dialect: 'keras3', ending: '.h5' },
  'keras2-h5': { to: 'keras-h5', dialect: 'keras2', ending: '.h5' },
  keras2: { to: 'keras-zip', dialect: 'keras2', ending: '.keras' },
};

const ENDINGS = { tfjs: '', 'keras-h5': '.h5', 'saved-model': '.h5', 'keras-zip': '.keras', 'keras-json': '.json' };

/** An output in the format of the model. */
function sameFormat({ format: { container } }, suffix) {
  const to = container === 'saved-model' ? 'keras-h5' : container;
  return { to, output: `${stemOf(model.path)}${suffix}${ENDINGS[container]}` };
}

/** Files that make the folder that they lie in a model. */
const IN_FOLDERS = /^(model\.json|config\.json|saved_model\.pb|keras_metadata\.pb)$/;

/** What a model is called: as its file, or as the folder that it is, where that has a name. */
function titleOf(path) {
  const [name, folder = ''] = path.split('/').reverse();
  return IN_FOLDERS.test(name) && folder !== '' && folder !== '.' ? folder : name;
}

/** The same without an ending. */
function stemOf(path) {
  const title = titleOf(path);
  return IN_FOLDERS.test(title) ? 'model' : title.replace(/(\.weights)?\.(json|h5|hdf5|keras)$/i, '');
}

/** Models that were dropped along with the one that was opened, and lie where nothing of it does. */
function otherModels(files, { files: own }) {
  const opened = new Set(own.map(({ path }) => plainPath(path)));
  const paths = [...files]
    .map(([path]) => plainPath(path))
    .filter((path) => !opened.has(path) && !/(^|\/)(__MACOSX\/|\._)/.test(path));
  const titles = paths
    .filter((path) => /(^|\/)(model\.json|saved_model\.pb)$|(?<!\.weights)\.(keras|h5|hdf5)$/i.test(path))
    .map(titleOf);
  return [...new Set(titles)];
}

const plainPath = (path) => path.replace(/^\.?\/+/, '');
