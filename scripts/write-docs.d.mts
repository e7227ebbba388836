export function generatedPages(): Promise<Readonly<Record<string, string>>>;
