// What are gates worth that move a little? Each stage's are held at their means, and the test pictures are asked again.

import { join } from 'node:path';
import { holdGates } from '../../dist/src/runtime/hold-gates.js';
import { recommendStages } from '../../dist/src/runtime/recommend-stages.js';
import { answersOf, fileOf } from './judge.mjs';
import { lookAtGates } from './look-at-gates.mjs';
import { CACHE } from './places.mjs';
import { kept, runTool } from './run-tool.mjs';
import { testLabels } from './test-pictures.mjs';

/** What the gates of a run's model are worth. */
export const holdStages = (run, pictures, input) =>
  kept(`${run.place}.held.json`, () => holdEachStage(fileOf(run), pictures, input));

/**
 * For each stage: how much its gates move over the labelled pictures; with them at their means, the share of the test
 * pictures that are answered otherwise and how many more are answered wrong. And what `excite` recommends.
 */
async function holdEachStage(file, pictures, input) {
  const { backend, loaded, excitation } = await lookAtGates(file, pictures);
  const before = await answersOf(loaded.runs, input);
  const held = async (stages) => {
    const modules = excitation.modules.filter(({ stage }) => stages.includes(stage));
    const end = holdGates(backend, loaded, modules);
    const after = await answersOf(loaded.runs, input);
    end();
    return { changed: changedShare(before, after), lost: shareRight(before) - shareRight(after) };
  };
  const stages = [];
  for (const { stage, modules, spread, largestSpread } of recommendStages(excitation).stages)
    stages.push({ stage, modules, spread, largestSpread, ...(await held([stage])) });
  loaded.runs.dispose();
  const { recommend } = runTool('excite', file, pictures, '-o', join(CACHE, 'excited'), '--force');
  const { code, skipStages, changed } = recommend;
  const lost = stages.filter(({ stage }) => skipStages.includes(stage)).reduce((sum, each) => sum + each.lost, 0);
  return { stages, recommend: { code, skipStages, changed, lost } };
}

const changedShare = (before, after) =>
  before.filter((answer, picture) => answer !== after[picture]).length / before.length;

function shareRight(answers) {
  const labels = testLabels();
  return answers.filter((answer, picture) => answer === labels[picture]).length / labels.length;
}
