import { exitCodes } from './command-error.ts';

/** What the exit codes of a command say that calls the gateway. */
export const usualExits: Readonly<Record<number, string>> = {
  0: 'done',
  [exitCodes.refused]: 'the gateway refused or failed',
  [exitCodes.usage]: 'the command line or a setting is wrong',
  [exitCodes.unreachable]: 'no gateway answers',
  [exitCodes.denied]: 'no API key, or one that may not do this',
};

/** The same of one that calls none. */
export const localExits: typeof usualExits = {
  0: 'done',
  [exitCodes.refused]: 'it failed',
  [exitCodes.usage]: 'the command line or a setting is wrong',
};

/** For the end of a command's --help. */
export function exitCodesHelp(exits: Readonly<Record<number, string>>): string {
  const lines = Object.entries(exits).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}
