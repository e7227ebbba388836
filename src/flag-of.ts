/** Returns an option as it is written on the command line: `skipStages` is `--skip-stage`. */
export const flagOf = (option: string): string =>
  `--${option.replace(/^(stage|skipStage)s$/, '$1').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
