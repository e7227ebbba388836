export function unpackNsfwjs(): Promise<Record<string, string>>;
