import type { Warning } from '../model/model.js';
import type { ModelImageSize } from '../runtime/image-input.js';

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
