import { expect, test } from 'vitest';
import { completeOptions } from '../../src/plan/options.js';

test.each([
  ['skipStage', 'did you mean "skipStages"?'],
  ['min_units', 'did you mean "minUnits"?'],
  ['quantize', /^the options are ratio, /],
])('an option that there is not, %s: what was probably meant, or all of them', (name, hint) => {
  const error = expect.objectContaining({
    code: 'bad-option',
    where: { field: name },
    hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
  });
  expect(() => completeOptions({ [name]: 1 })).toThrow(error);
});

test.each(['stages', 'skipStages', 'include', 'exclude', 'at'])('%s that is no list is refused as such', (name) => {
  const error = expect.objectContaining({ code: 'bad-option', where: { field: name }, hint: 'give a list' });
  expect(() => completeOptions({ [name]: 9 })).toThrow(error);
});
