/** Backends that run native code: a package with a binding. */
export const NATIVE_NAMES = ['tfjs-node-gpu', 'tfjs-node'] as const;

/** Backends in the order in which they are tried. */
export const BACKEND_NAMES = [...NATIVE_NAMES, 'wasm', 'cpu'] as const;

export type BackendName = (typeof BACKEND_NAMES)[number];

export const BACKEND_CHOICES = ['auto', ...BACKEND_NAMES] as const;

export type BackendChoice = (typeof BACKEND_CHOICES)[number];
