import type { Plain, PlainObject } from '../../json/json-value.js';
import { commutes, type LayerFacts, type LayerRole } from '../layer-facts.js';
import { broadcast } from './operation-shapes.js';

/** What a setting holds where both Kerases mean the same by it: each of these but `any` has to be there. */
export type SettingKind =
  | 'number'
  /** A whole number, or several. */
  | 'axes'
  /** Whole numbers in a list. */
  | 'list'
  | 'dtype'
  /** Anything. */
  | 'any'
  /** Values of which code has to say what they are in the other Keras: without code it is not carried over. */
  | 'coded';

/** The operand behind the first one. */
export interface SecondOperand {
  /** TensorFlow's name for it. */
  readonly name: string;
  /** Of two operands that may be `either`, one is a tensor and the other one a tensor or numbers. */
  readonly takes: 'either' | 'tensor' | 'whole numbers' | 'index';
}

/** All facts of one operation: of the class in Keras 3, of TensorFlow's function, and of the node in TensorFlow's graph. */
export interface OperationFacts extends Partial<Omit<LayerFacts, 'className'>> {
  readonly role: LayerRole;
  /** It is a global pooling where its axes are the places of a map. */
  readonly poolsPlaces?: true;
  /** Whether the output of TensorFlow's function has the size of the first map among its operands. */
  readonly isElementwise?: true;
  /** Names of TensorFlow's functions that are it, separated by spaces. The first one is written. */
  readonly functions?: string;
  /** The kind of node that is it, where that has another name than the operation has here. */
  readonly node?: string;
  /** Setting that the last operand of the node gives, where it is not a number to compute with. */
  readonly lastInNode?: string;
  /** Absent: its operand is one tensor, or one list of them where it `takesList`. */
  readonly second?: SecondOperand;
  /** Its settings, by their names in Keras 3: what each holds, and TensorFlow's name for it where that is another. */
  readonly settings?: Readonly<Record<string, SettingKind | readonly [SettingKind, string]>>;
  /** Settings, of either Keras, that say nothing as far as they have these values. */
  readonly harmless?: Readonly<Record<string, Plain>>;
  /** The settings in a call of TensorFlow's function, where names alone do not tell them; undefined where one is not known. */
  readonly readCall?: (call: PlainObject) => PlainObject | undefined;
  /** The activation function that it is, where it has no settings. */
  readonly activation?: string;
  /** The layer that it is, and its settings from those of the operation; undefined where the layer has none such. */
  readonly layer?: {
    readonly className: string;
    readonly settings: (settings: PlainObject) => PlainObject | undefined;
  };
  /** The new order of all axes, for operations that speak of some; undefined where they do not say it. */
  readonly newOrder?: (config: PlainObject, rank: number) => readonly number[] | undefined;
  /** Of whole numbers it makes others than whole ones. */
  readonly isDivision?: true;
}

/** Operations by the name of their class in Keras 3: alone, or behind `keras.src.ops.` where Keras 2 has the operation too. */
export type OperationTable = Readonly<Record<string, OperationFacts>>;

export const OTHER: OperationFacts = { role: 'other' };

export const COMMUTING: Pick<LayerFacts, 'scaling'> = { scaling: commutes };

export const elementwise = (role: LayerRole): OperationFacts => ({
  role,
  isElementwise: true,
  outputShape: broadcast,
});
