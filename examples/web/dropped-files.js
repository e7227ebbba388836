// What was dropped or chosen, as pairs of a path and a file.

/** The files of an input: those of a folder by their paths in it. */
export const chosenFiles = (input) => [...input.files].map((file) => [file.webkitRelativePath || file.name, file]);

/** What was dropped: files, and folders with all that is in them. */
export async function droppedFiles(dropped) {
  const { items } = dropped;
  // The list is empty as soon as the event is over.
  if (![...items].some(({ kind }) => kind === 'file')) throw noFiles(dropped.getData('text/uri-list') !== '');
  const entries = [...items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry());
  return (await Promise.all(entries.filter((entry) => entry !== null).map(filesIn))).flat();
}

/** A link from another page, or a text. */
const noFiles = (isAddress) => ({
  code: 'no-files',
  sentence: `You dropped ${isAddress ? 'an address' : 'a text'}, and no file`,
  where: {},
  facts: {},
  hint: 'Nothing is fetched here: download the files of the model first, and drop those',
});

async function filesIn(entry) {
  if (entry.isFile) return [[entry.fullPath, await new Promise((resolve, reject) => entry.file(resolve, reject))]];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    // Some at a time, until there are none left.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    files.push(...(await Promise.all(entries.map(filesIn))).flat());
  }
}
