// The options of the form: what they say, and what is the matter with those that are half typed.

const RANGES = {
  ratio: { min: 1, max: 4096, isWhole: false },
  minUnits: { min: 1, max: 4096, isWhole: true },
  seed: { min: 0, max: 2 ** 32 - 1, isWhole: true },
};

/** The options, and a sentence a field that says none yet. */
export function readOptions(form) {
  const {
    ratio,
    stages,
    skipStages,
    include,
    exclude,
    at,
    minUnits,
    seed,
    placement,
    granularity,
    form: kind,
    squeeze,
    init,
    bias,
  } = form.elements;
  const problems = {};
  const numberOf = ({ name, value }) => {
    const { min, max, isWhole } = RANGES[name];
    const number = value.trim() === '' ? Number.NaN : Number(value.trim().replace(/^(\d+),(\d+)$/, '$1.$2'));
    if (number >= min && number <= max && (!isWhole || Number.isInteger(number))) return number;
    problems[name] = `Give a ${isWhole ? 'whole number' : 'number'} from ${min} to ${max}.`;
    return undefined;
  };
  const options = {
    ratio: numberOf(ratio),
    stages: stagesOf(stages, problems),
    skipStages: stagesOf(skipStages, problems),
    include: namesOf(include),
    exclude: namesOf(exclude),
    at: namesOf(at),
    minUnits: numberOf(minUnits),
    seed: numberOf(seed),
    placement: placement.value,
    granularity: granularity.value,
    form: kind.value,
    squeeze: squeeze.value,
    init: init.value,
    bias: bias.checked,
  };
  return { options, problems };
}

function stagesOf({ name, value }, problems) {
  const words = value.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => word !== 'last' && !/^[1-9]\d{0,3}$/.test(word));
  if (wrong !== undefined) problems[name] = `“${wrong}” is no stage: write numbers such as 4,5, or last.`;
  return words.map((word) => (word === 'last' ? word : Number(word)));
}

/** Names of layers may hold spaces: commas stand between them. */
const namesOf = ({ value }) =>
  value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Puts what is the matter beside the fields, and takes away what is not any more. */
export function showProblems(form, problems) {
  for (const shown of form.querySelectorAll('.problem')) {
    const name = shown.id.replace(/-problem$/, '');
    const text = problems[name] ?? '';
    // Said again only where it is another sentence.
    if (shown.textContent !== text) shown.textContent = text;
    form.elements[name].setAttribute('aria-invalid', String(text !== ''));
    // What is the matter is seen.
    if (text !== '') shown.closest('details')?.setAttribute('open', '');
  }
}
