import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wire, type ErrorCode } from '#errors';

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');

describe('docs/errors.md', () => {
  it.each(Object.keys(wire) as ErrorCode[])('explains %s as the table has it', (code) => {
    const { http, rpc } = wire[code];
    expect(page).toContain(`| [${code}](#${code.toLowerCase()}) | ${http} | ${rpc} |`);
    expect(page).toMatch(new RegExp(`^## ${code}\n+\\S`, 'm'));
  });

  it('explains no code that does not exist', () => {
    const explained = [...page.matchAll(/^## (\w+)$/gm)].map(([, code]) => code);
    expect(new Set(explained)).toEqual(new Set(Object.keys(wire)));
  });
});
