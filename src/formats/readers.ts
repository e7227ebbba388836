import { CONFIG_FILE, type Container, factsOfContainer, METADATA_FILE } from '../containers.js';
import { getMember } from '../json/json-value.js';
import type { Model } from '../model/model.js';
import type { Storage } from '../storage/storage.js';
import type { FileContent, ReadOptions } from './find/file-content.js';
import { isForeignZip } from './find/foreign-files.js';

/** The reader of a container. It imports its module when it runs. */
interface Reader {
  /** Whether a file of this content is one. */
  readonly recognises: (content: FileContent, storage: Storage) => boolean;
  readonly read: (storage: Storage, content: FileContent, options: ReadOptions) => Promise<Model>;
}

const HDF5_SIGNATURE = '\x89HDF\r\n\x1a\n';

const startsWith = ({ head }: FileContent, signature: string): boolean =>
  String.fromCharCode(...head.subarray(0, signature.length)) === signature;

const hasMember = ({ json }: FileContent, ...keys: readonly string[]): boolean =>
  json !== undefined && keys.some((key) => getMember(json.root, key) !== undefined);

/** The readers, in the order in which they are asked whether they recognise a file. */
export const READERS: Readonly<Record<Container, Reader>> = {
  'saved-model': {
    recognises: ({ file }, storage) => factsOfContainer('saved-model').folderFiles!.includes(storage.nameOf(file.path)),
    read: async (storage, { file }, options) =>
      (await import('./keras/read-saved-model.js')).readSavedModel(storage, storage.folderOf(file.path), options),
  },
  tfjs: {
    recognises: (content) => hasMember(content, 'modelTopology', 'weightsManifest', 'format'),
    read: async (...of) => (await import('./tfjs/read-tfjs.js')).readTfjs(...of),
  },
  'keras-json': {
    recognises: (content) => hasMember(content, 'class_name') && hasMember(content, 'config'),
    read: async (storage, content, options) => {
      if (options.weights === undefined && (await isUnzipped(storage, content)))
        return (await import('./keras/read-keras-zip.js')).readKerasFolder(storage, content.file, options);
      return (await import('./keras/read-keras-json.js')).readKerasJson(storage, content, options);
    },
  },
  'keras-h5': {
    recognises: (content) => startsWith(content, HDF5_SIGNATURE),
    read: async (storage, content) => (await import('./keras/read-keras-h5.js')).readKerasH5(storage, content),
  },
  'keras-zip': {
    recognises: (content) => startsWith(content, 'PK') && !isForeignZip(content),
    read: async (storage, content) => (await import('./keras/read-keras-zip.js')).readKerasZip(storage, content),
  },
};

/** Tells whether an architecture stands in the folder of an unzipped `.keras` archive. */
async function isUnzipped(storage: Storage, { file }: FileContent): Promise<boolean> {
  if (storage.nameOf(file.path) !== CONFIG_FILE) return false;
  return (await storage.kindOf(storage.join(storage.folderOf(file.path), METADATA_FILE))) === 'file';
}
