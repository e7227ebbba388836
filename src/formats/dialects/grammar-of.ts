import type { Dialect } from '../../model/model.js';
import type { CallGrammar } from './call-grammar.js';
import { KERAS2_CALLS } from './keras2-calls.js';
import { KERAS3_CALLS } from './keras3-calls.js';

const GRAMMARS: Readonly<Record<Dialect, CallGrammar>> = { keras2: KERAS2_CALLS, keras3: KERAS3_CALLS };

export const grammarOf = (dialect: Dialect): CallGrammar => GRAMMARS[dialect];
