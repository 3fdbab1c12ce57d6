import { styleText } from 'node:util';

const tints: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  MEDIUM: 'yellow',
  HIGH: 'red',
  CRITICAL: ['bold', 'red'],
  healthy: 'green',
  degraded: 'yellow',
  down: 'red',
};

/** In the colour of what it is about: on a terminal only, and not where NO_COLOR is set (no-color.org). */
export function tinted(text: string, about: string): string {
  const tint = tints[about];
  return tint === undefined ? text : styleText(tint, text, { stream: process.stdout });
}

/** What others have written can move no cursor and change no colour of the terminal that shows it. */
export function terminalSafe(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** The same of a text of several lines, which stay. */
export function linesSafe(text: string): string {
  return text.split('\n').map(terminalSafe).join('\n');
}
