/**
 * Trains with the first seed at each learning rate, with the others at the one that was best there.
 * @param run trains once, and says the `loss` on the pictures held back
 * @returns the loss of each rate with the first seed, and the best run of each seed
 */
export async function overSeeds(seeds, learningRates, run) {
  const runs = [];
  let rates;
  for (const seed of seeds) {
    const tried = [];
    for (const learningRate of rates === undefined ? learningRates : [runs[0].learningRate])
      tried.push(await run(seed, learningRate));
    rates ??= tried.map(({ learningRate, loss }) => ({ learningRate, loss }));
    runs.push(tried.reduce((best, each) => (each.loss < best.loss ? each : best)));
  }
  return { rates, runs };
}
