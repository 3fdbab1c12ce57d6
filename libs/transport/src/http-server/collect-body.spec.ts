import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { collectBody } from './collect-body.ts';

const LIMIT = 5_000;

function collected(pieces: Iterable<Buffer>, headers: Record<string, string> = {}): Promise<Buffer> {
  const request = { headers, routeOptions: { bodyLimit: LIMIT } } as unknown as FastifyRequest;
  return new Promise((resolve, reject) =>
    collectBody(request, Readable.from(pieces, { objectMode: false }), (error, body) =>
      error ? reject(error) : resolve(body!),
    ),
  );
}

function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function* broken() {
  yield Buffer.from('{');
  throw new Error('aborted');
}

describe('a body', () => {
  const whole = Buffer.from(Array.from({ length: LIMIT }, (_, index) => index % 251));

  it.each([1, 7, 1_000, LIMIT])('is whole in pieces of %i', async (size) => {
    expect(await collected(inPieces(whole, size))).toEqual(whole);
  });

  it('may be empty', async () => {
    expect(await collected([])).toHaveLength(0);
  });

  it.each([1, 999, LIMIT + 1])('is refused past its limit, in pieces of %i', async (size) => {
    const pieces = inPieces(Buffer.concat([whole, Buffer.of(0)]), size);
    await expect(collected(pieces)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('is refused by what its head says, before any of it has come', async () => {
    const headers = { 'content-length': String(LIMIT + 1) };
    await expect(collected([], headers)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('that breaks off is none', async () => {
    await expect(collected(broken())).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
