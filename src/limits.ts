// Every cap stands here with its reason; nothing is allocated by a size that only the input claims.

/** A model.json holds names and numbers, no weights; the largest real ones (NASNet, 10,000 layers) stay under 20 MB. */
export const MAX_JSON_BYTES = 256 * 2 ** 20;

/** The beginning of a file, which tells formats apart: the first local header of a zip archive fits in. */
export const HEAD_BYTES = 512;

/** Real models nest about 10 levels deep, plus 5 for each model in a model; below this, recursion is safe. */
export const MAX_JSON_DEPTH = 500;

/** Each takes 200 bytes of memory or more; a network of 10,000 layers has 260,000, one of 50,000 has 1.3 million. */
export const MAX_JSON_VALUES = 2 ** 21;

/** TensorFlow.js counts elements in doubles: above 2^53 a product is no longer exact. */
export const MAX_ELEMENTS = Number.MAX_SAFE_INTEGER;

/** Bytes held in memory at once while tensors are copied, doubled or checked. */
export const CHUNK_BYTES = 2 ** 20;

/** Fewer bytes are read and written at once, while everything waits: to wait for another thread takes longer. */
export const SMALL_BYTES = 2 ** 16;

/** A model in a model in a model ...: deeper than any real one, shallow enough to walk by recursion. */
export const MAX_NESTED_MODELS = 32;

/** Keras visits layers by recursion and fails between a chain of 985 (loads) and 1000 layers. */
export const MAX_KERAS_CHAIN = 985;

/** Names in messages are cut here, so that one line stays one line. */
export const MAX_SHOWN_NAME = 120;

/** Paths are cut here, in the middle: longer than most, and a manifest names any. A name alone has 255 bytes at the most. */
export const MAX_SHOWN_PATH = 1024;

/** A Keras archive holds three members, and one for each vocabulary or part of sharded weights: hundreds at the most. */
export const MAX_ZIP_MEMBERS = 4096;

/** A kibibyte for each of the most members: names and extra fields of real archives take about a tenth of it. */
export const MAX_ZIP_DIRECTORY_BYTES = 4 * 2 ** 20;

/** Weights shrink by a little, a model's JSON 45 to 100 times (200 equal layers: 101); Keras draws this line too. */
export const MAX_ZIP_RATIO = 100;

/** Below this a member may shrink by any ratio: models of very many equal layers do, and so few bytes are harmless. */
export const SMALL_MEMBER_BYTES = 16 * 2 ** 20;

/** Most bytes that a compressed member may unpack to; Keras' own limit. Stored members may be of any size. */
export const MAX_INFLATED_BYTES = 4 * 2 ** 30;

/** Groups in groups: three for each model in a model, and deeper than any real file. */
export const MAX_HDF5_DEPTH = 500;

/** Files of sharded weights, all open at once: each up to 5 GB by default, and systems allow 1024 or more. */
export const MAX_SHARDS = 900;

/** Keras' own bounds for a dataset that is not stored value by value (CVE-2026-0897). */
export const MAX_UNPACKED_BYTES = 4 * 2 ** 30;
export const MAX_UNPACKED_RATIO = 1000;

/** Bytes of a chunked dataset that are unpacked at once: h5py makes chunks of 1 MiB at most, users make larger ones. */
export const MAX_HDF5_PIECE_BYTES = 64 * 2 ** 20;

/** Chunks of a dataset, each a hundred bytes of memory: 256 GiB in chunks of h5py's largest. */
export const MAX_HDF5_CHUNKS = 2 ** 18;

/** Values of a module's kernel, which is made in memory: 8 times as many as the widest network needs at ratio 1. */
export const MAX_KERNEL_SIZE = 2 ** 28;

/** One example of a model's input, made at random: 64 million numbers are a volume of 400 x 400 x 400; a model claims any. */
export const MAX_EXAMPLE_ELEMENTS = 64 * 2 ** 20;

/** The index of a checkpoint: some 100 bytes a tensor; a model of 10,000 layers with Adam's moments takes 9 MB. */
export const MAX_TABLE_BYTES = 64 * 2 ** 20;

/** The object graph of a checkpoint or a SavedModel: some 300 bytes an object, at most 20 objects for each layer. */
export const MAX_OBJECT_GRAPH_BYTES = 256 * 2 ** 20;

/** Messages in a SavedModel's file that are skipped one by one: signatures and collections, some ten in real ones. */
export const MAX_SKIPPED_FIELDS = 2 ** 14;

/** Blocks of one stage that are drawn one by one; real networks have 48 (ResNet-200: 36), a drawing stays below 2 MB. */
export const MAX_DRAWN_BLOCKS = 96;

/** Stages that are drawn; real networks have 3 to 8. */
export const MAX_DRAWN_STAGES = 24;

/** Pixels of recurring images, as bytes: 7,000 of 224 x 224 in colour. Images beyond these are decoded each time. */
export const MAX_KEPT_PIXEL_BYTES = 2 ** 30;

/** Outputs of a network's frozen beginning for recurring images; for images beyond these they are computed anew. */
export const MAX_KEPT_FEATURE_BYTES = 2 ** 30;

/** Inputs of a new head, of the images it is fitted to: some thousand of 7 x 7 x 1,280, any number of vectors. */
export const MAX_FITTED_FEATURE_BYTES = 2 ** 28;
