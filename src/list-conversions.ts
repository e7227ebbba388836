import { isTfjs } from './containers.js';
import { type Attempt, attempt } from './find-stop.js';
import { convertModel } from './formats/convert-model.js';
import { type LoaderVerdict, listModelLoaders } from './formats/verdict/loaders.js';
import type { Loader } from './layers/layer-facts.js';
import { type Format, type Model, newFormat } from './model/model.js';

const FORMATS: Readonly<Record<Exclude<Loader, 'tfjs'>, Format>> = {
  keras2: newFormat('keras-zip', 'keras2'),
  keras3: newFormat('keras-zip', 'keras3'),
};

/**
 * Lists for loaders that do not take a model as it is, TensorFlow.js with all of Keras' files, whether they take it converted,
 * and what stops that.
 * @param forTfjs the model converted for TensorFlow.js
 */
export const listConversions = (
  model: Model,
  loads: readonly LoaderVerdict[],
  forTfjs: Attempt<Model>,
): readonly LoaderVerdict[] =>
  loads
    .filter(({ loader, ok }) => !ok || (loader === 'tfjs' && !isTfjs(model.format.container)))
    .map(({ loader }) => {
      const done = loader === 'tfjs' ? forTfjs : attempt(model, () => convertModel(model, FORMATS[loader]));
      if ('stop' in done) return { loader, ok: false, blockedBy: done.stop };
      // Of a model that is of the loader's dialect already, only the container changes, and the layout to today's.
      const made = { ...done.made, kerasVersion: undefined };
      return listModelLoaders(made).find((verdict) => verdict.loader === loader)!;
    });
