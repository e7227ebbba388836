export function drawDocs(): Promise<ReadonlyMap<string, string>>;
