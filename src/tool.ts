/** Name and version, as files and reports carry them. A test holds the version against package.json. */
export const TOOL = 'se-retrofit 0.1.0';
