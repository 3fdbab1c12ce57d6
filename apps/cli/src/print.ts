import { linesSafe } from './terminal.ts';

/** What a command answers: JSON where `--json` asks for it, else a text for people, which may repeat what others have written. */
export function print({ json }: { json?: true }, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : linesSafe(text));
}
