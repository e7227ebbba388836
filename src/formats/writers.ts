import type { WrittenContainer } from '../containers.js';
import type { Model } from '../model/model.js';
import type { PendingOutput } from '../storage/storage.js';
import { findTfjsSource } from './tfjs/tfjs-source.js';
import type { NewTfjsOptions } from './tfjs/write-new-tfjs.js';
import type { OnProgress, OutputFiles, WrittenFiles } from './written-files.js';

type Writer = (
  model: Model,
  pending: PendingOutput,
  place: OutputFiles,
  options: NewTfjsOptions,
  onProgress: OnProgress,
) => Promise<WrittenFiles>;

/** The writers. They import their modules when they run. */
export const WRITERS: Readonly<Record<WrittenContainer, Writer>> = {
  tfjs: async (model, pending, { modelName }, options, onProgress) =>
    findTfjsSource(model) !== undefined && options.quantize === undefined && options.shardBytes === undefined
      ? (await import('./tfjs/write-tfjs.js')).writeTfjs(model, pending, modelName, onProgress)
      : (await import('./tfjs/write-new-tfjs.js')).writeNewTfjs(model, pending, modelName, options, onProgress),
  'keras-json': async (model, pending, place, _, onProgress) =>
    (await import('./keras/write-keras.js')).writeKerasJson(model, pending, place, onProgress),
  'keras-h5': async (model, pending, place, _, onProgress) =>
    (await import('./keras/write-keras.js')).writeKerasH5(model, pending, place, onProgress),
  'keras-zip': async (model, pending, place, _, onProgress) =>
    (await import('./keras/write-keras.js')).writeKerasZip(model, pending, place, onProgress),
};
