import type { Warning } from '../model/model.js';
import type { ModelImageSize } from '../runtime/image-input.js';
import { quotedNames } from './printable.js';

/** Says to what size images were scaled where neither the model nor the user says one. */
export const assumedSizeWarnings = ({ isAssumed, height, width }: ModelImageSize): readonly Warning[] =>
  isAssumed
    ? [
        {
          code: 'assumed-size',
          message: `the model takes images of any size: they were scaled to ${height} x ${width}, and it is for this size; --image-size sets another`,
          where: null,
        },
      ]
    : [];

/**
 * Says which folders are of other classes: they are looked at too, as they may be those that the model is to learn.
 * @param known names of the model's classes
 */
export const otherClassesWarnings = (others: readonly string[], known: readonly string[] = []): readonly Warning[] =>
  others.length === 0
    ? []
    : [
        {
          code: 'other-classes',
          message: `${quotedNames(others)}: none of the classes that the model tells (${quotedNames(known)}); these gates say nothing of its own`,
          where: null,
        },
      ];
