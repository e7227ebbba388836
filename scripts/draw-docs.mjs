// Draws the pictures of docs/WHERE-MODULES-GO.md from the architectures of real networks (fixtures/topologies), with what
// draws `inspect --svg`. Run it after `npm run build`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const TOPOLOGIES = fileURLToPath(new URL('../fixtures/topologies/', import.meta.url));
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));

const MAPS = ['resnet152', 'vgg16', 'unet', 'inception-v3', 'densenet121', 'mobilenet-v2', 'efficientnet-b0'];

/** One block of each kind, by its stage and number. */
const BLOCKS = [
  { name: 'residual', title: 'Residual unit of ResNet-50', network: 'resnet50', stage: 2, block: 2, before: true },
  { name: 'inception', title: 'Inception module of Inception v3', network: 'inception-v3', stage: 3, block: 1 },
  { name: 'dense', title: 'Dense block of DenseNet-121', network: 'densenet121', stage: 2, block: 1, fold: true },
  {
    name: 'bottleneck',
    title: 'Linear bottleneck of MobileNet v2',
    network: 'mobilenet-v2',
    stage: 2,
    block: 1,
    before: true,
  },
  { name: 'conv', title: 'Convolution unit of VGG-16', network: 'vgg16', stage: 3, block: 3, before: true },
  { name: 'existing', title: 'Block of EfficientNet-B0', network: 'efficientnet-b0', stage: 2, block: 2 },
];

/** The text of each file in docs/images, by its name. */
export async function drawDocs() {
  const { inspect, networkSvg } = await import('../dist/src/index.js');
  const maps = await Promise.all(
    MAPS.map(async (name) => {
      const model = await readTopology(name);
      return [`map-${name}.svg`, networkSvg(inspect(model).plan, name)];
    }),
  );
  const blocks = await Promise.all(BLOCKS.map(async (block) => [`block-${block.name}.svg`, await drawBlock(block)]));
  return new Map([...maps, ...blocks]);
}

async function drawBlock({ title, network, stage, block, before = false, fold = false }) {
  const { inspect, retrofit } = await import('../dist/src/index.js');
  const { blockDiagram } = await import('../dist/src/report/block-diagram.js');
  const { foldDiagram } = await import('../dist/src/report/fold-diagram.js');
  const { blockSvg } = await import('../dist/src/report/figures/block-figure.js');
  const isIt = (part) => part.stage === stage && (part.number ?? part.block) === block;
  const model = await readTopology(network);
  const { plan } = inspect(model);
  const site = plan.sites.find(isIt);
  const panel = (words, { network: { blocks } }, newSite) => {
    const { occurrences, module } = blocks.find(isIt);
    const diagram = blockDiagram(occurrences[0], module, newSite);
    return { title: words, diagram: fold ? foldDiagram(diagram) : diagram };
  };
  if (site === undefined) return blockSvg(title, [panel('It has a module and is left alone', plan)]);
  const after = panel('With a module', inspect(retrofit(model, plan)).plan, site);
  return blockSvg(title, before ? [panel('As it was', plan), after] : [after]);
}

async function readTopology(name) {
  const { raiseGraph } = await import('../dist/src/formats/dialects/raise-graph.js');
  const { parseJson } = await import('../dist/src/json/parse-json.js');
  const text = gunzipSync(readFileSync(`${TOPOLOGIES}${name}.json.gz`)).toString('utf8');
  return {
    path: name,
    format: { container: 'keras-json', dialect: 'keras2', weightLayout: 'legacy-hdf5' },
    graph: raiseGraph(parseJson(text).root, ''),
    trainingConfig: undefined,
    record: undefined,
    files: [],
    bytes: 0,
    warnings: [],
  };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  mkdirSync(IMAGES, { recursive: true });
  for (const [name, text] of await drawDocs()) writeFileSync(`${IMAGES}${name}`, text);
}
