/**
 * Trains with the first seed at each learning rate, and at larger or smaller ones as long as the last or the first was the best;
 * with the other seeds at the one that was best.
 * @param learningRates ascending, each about three times the one before; one alone is taken as it is
 * @param run trains once, and says the `loss` on the pictures held back
 * @returns the loss of each rate with the first seed, ascending, and the best run of each seed
 */
export async function overSeeds([first, ...others], learningRates, run) {
  const tried = [];
  for (let next = learningRates; next.length > 0; next = beyond(tried)) {
    for (const learningRate of next) tried.push(await run(first, learningRate));
    tried.sort((one, other) => one.learningRate - other.learningRate);
  }
  const best = lowest(tried);
  const runs = [best];
  for (const seed of others) runs.push(await run(seed, best.learningRate));
  return { rates: tried.map(({ learningRate, loss }) => ({ learningRate, loss })), runs };
}

const lowest = (runs) => runs.reduce((best, each) => (each.loss < best.loss ? each : best));

/** The next learning rate behind the best, or in front of it, where nothing was tried yet. */
function beyond(tried) {
  const best = lowest(tried);
  if (tried.length < 2) return [];
  if (best === tried.at(-1)) return [rounded(tried.at(-2).learningRate * 10)];
  return best === tried[0] ? [rounded(tried[1].learningRate / 10)] : [];
}

const rounded = (learningRate) => Number(learningRate.toPrecision(1));
