// The new model, to be downloaded: as one file, or file by file.
import { element, part, plural, showLines, size } from './elements.js';
import { warningWords } from './words.js';

const EXACT = 'It computes what the old one did, until it is trained. ';
const NEXT = 'Train the modules first: freeze every layer but those whose names begin with se_.';

export function showResult({ files, download: [name, blob], action, isExact, bytesBefore, bytes, warnings }) {
  forgetResult();
  const sizes = `${size(bytesBefore)} before, ${size(bytes)} now.`;
  const next = action === 'add' ? ` ${isExact ? EXACT : ''}${NEXT}` : '';
  part('result-about').textContent = sizes + next;
  part('download').replaceChildren(link(name, blob, `Download ${name}`, 'button'));
  showLines(part('result-notes'), warnings.map(warningWords));
  part('by-file').hidden = files.length === 1;
  part('by-file').querySelector('summary').textContent =
    `File by file (${plural(files.length, 'file')}, for one folder)`;
  part('single-files').replaceChildren(
    ...files.map(([path, content]) => {
      const item = element('li');
      item.append(link(path.split('/').at(-1), content, path), ` ${size(content.size)}`);
      return item;
    }),
  );
  part('result').hidden = false;
  part('result-title').focus();
}

/** The bytes behind the links are let go of. */
export function forgetResult() {
  for (const old of part('result').querySelectorAll('a')) URL.revokeObjectURL(old.href);
  part('result').hidden = true;
}

function link(name, blob, text, className) {
  const made = element('a', text, className);
  made.href = URL.createObjectURL(blob);
  made.download = name;
  return made;
}
