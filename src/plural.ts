/** 1234567 as 1,234,567; "?" where the number is unknown. */
export const count = (number: number | null): string => (number === null ? '?' : number.toLocaleString('en-US'));

/** 1 module, 2 modules, 3 classes. */
export const plural = (number: number | null, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;
