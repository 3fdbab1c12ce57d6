import fc, { type Arbitrary } from 'fast-check';
import { MODERN, type Envelope } from './message.ts';

/** What HTTP lets through: visible ASCII, and the rest as Latin-1. */
const sayableText = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
    .map((code) => String.fromCharCode(code)),
});

const names = [
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'mcp-session-id',
  'mcp-param-region',
  'mcp-param-zone',
  'last-event-id',
] as const;

/** Headers that say anything, or are left out (null). */
export const strayHeaders: Arbitrary<Record<string, string | null>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(
        sayableText,
        fc.constant(null),
        fc.constantFrom('=?base64?aGk=?=', '=?base64?%%?=', '__proto__', 'tools/call', '2024-01-01', '0_0'),
      ),
      { maxKeys: 3 },
    ),
  },
);

/** The headers that a message has to have, as far as a header can say them, and what strays over them. */
export function headersFor(
  { revision, message }: Envelope,
  stray: Record<string, string | null>,
): Record<string, string> {
  const { method, params } = fieldsOf(message);
  const { name, uri, arguments: args } = fieldsOf(params);
  const own: Record<string, unknown> = { 'mcp-protocol-version': revision };
  if (revision === MODERN) {
    const { region, zone } = fieldsOf(args);
    Object.assign(own, { 'mcp-method': method, 'mcp-name': method === 'resources/read' ? uri : name });
    Object.assign(own, {
      'mcp-param-region': region,
      'mcp-param-zone': typeof zone === 'number' ? String(zone) : zone,
    });
  }
  const headers: Record<string, string> = {};
  for (const [header, said] of Object.entries({ ...own, ...stray }))
    if (typeof said === 'string') headers[header] = sayable(said);
  return headers;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** MCP 2026-07-28, "Value Encoding". */
function sayable(text: string): string {
  const short = text.slice(0, 1000);
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(short) || short === ''
    ? short
    : /^[\x20-\x7e\xa0-\xff]*$/.test(short)
      ? short.trim()
      : `=?base64?${Buffer.from(short).toString('base64')}?=`;
}
