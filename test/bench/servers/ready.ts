/** What a server under measurement tells the process that measures it. */
export interface Ready {
  port: number;
  headers?: Record<string, string>;
}

export function ready(message: Ready): void {
  process.send?.(message);
  process.once('disconnect', () => process.exit(0));
}
