/** A text as a shell takes it, whatever it holds. */
export const inQuotes = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A path or value as a word of a command: in quotes where it needs them, and no option. */
export function shellWord(text: string): string {
  const word = text.startsWith('-') ? `./${text}` : text;
  return /^[\w./@%+:,-][\w./@%+=:,~-]*$/.test(word) ? word : inQuotes(word);
}
