export function buildPage(folder?: string): Promise<string>;

export interface Server {
  readonly address: string;
  readonly close: () => void;
}

export function serve(folder: string, port?: number): Promise<Server>;
