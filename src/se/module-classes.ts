/** The parts of a module; a layer is called `<module>_<part>`. */
export const MODULE_PARTS = ['squeeze', 'reduce', 'expand', 'double', 'reshape', 'scale'] as const;

export type ModulePart = (typeof MODULE_PARTS)[number];

/** The parts that a module has, in the order in which they run. */
export const partsOf = (form: 'dense' | 'conv', isGateDoubled: boolean): readonly ModulePart[] => {
  const double = isGateDoubled ? (['double'] as const) : [];
  return form === 'dense'
    ? ['squeeze', 'reduce', 'expand', ...double, 'reshape', 'scale']
    : ['squeeze', 'reshape', 'reduce', 'expand', ...double, 'scale'];
};

export const squeezeClass = (squeeze: 'avg' | 'max', spatialRank: 1 | 2 | 3): string =>
  `Global${squeeze === 'avg' ? 'Average' : 'Max'}Pooling${spatialRank}D`;

/** The class of reduce and expand. */
export const projectionClass = (form: 'dense' | 'conv', spatialRank: 1 | 2 | 3): string =>
  form === 'dense' ? 'Dense' : `Conv${spatialRank}D`;
