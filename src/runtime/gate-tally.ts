/** Sums over observations of many channels at once, in float64, by which mean and spread are known without keeping any. */
export interface Tally {
  count: number;
  readonly mean: Float64Array;
  /** Sum of squared differences from the mean, a channel. */
  readonly squares: Float64Array;
}

export const newTally = (channels: number): Tally => ({
  count: 0,
  mean: new Float64Array(channels),
  squares: new Float64Array(channels),
});

/** Takes in one observation of every channel (Welford 1962). */
export function addObservation(tally: Tally, values: ArrayLike<number>): void {
  tally.count++;
  for (let channel = 0; channel < tally.mean.length; channel++) {
    const before = values[channel]! - tally.mean[channel]!;
    tally.mean[channel]! += before / tally.count;
    tally.squares[channel]! += before * (values[channel]! - tally.mean[channel]!);
  }
}

/** Takes in all that another tally has seen (Chan, Golub and LeVeque 1979). */
export function addTally(tally: Tally, other: Tally): void {
  const count = tally.count + other.count;
  if (other.count === 0) return;
  for (let channel = 0; channel < tally.mean.length; channel++) {
    const apart = other.mean[channel]! - tally.mean[channel]!;
    tally.mean[channel]! += (apart * other.count) / count;
    tally.squares[channel]! += other.squares[channel]! + (apart * apart * tally.count * other.count) / count;
  }
  tally.count = count;
}

/** Standard deviation of one observation, a channel; zero where there is but one. */
export const deviationOf = ({ count, squares }: Tally): Float64Array =>
  squares.map((sum) => (count < 2 ? 0 : Math.sqrt(sum / (count - 1))));
