import { describe, expect, it } from 'vitest';
import { isSafeRedirect, sourceOf } from './redirect-uri.ts';

describe('where codes may be sent', () => {
  it.each([
    ['https://app.example/callback?x=1', 'https://app.example'],
    ['http://127.0.0.1:33418/callback', 'http://127.0.0.1:33418'],
    ['http://[::1]:1/', 'http://[::1]:1'],
    ['http://localhost/callback', 'http://localhost'],
    ['cursor://anysphere.cursor-mcp/oauth/callback', 'cursor:'],
    ['com.example.app:/callback', 'com.example.app:'],
  ])('%s', (uri, source) => {
    expect(isSafeRedirect(uri)).toBe(true);
    expect(sourceOf(uri)).toBe(source);
  });

  it.each([
    'http://app.example/callback',
    'http://127.0.0.1.evil.example/',
    'https://user:secret@app.example/',
    'https://app.example/#fragment',
    'https://*.example/',
    'https://app;sandbox.example/',
    'https://app,default-src.example/',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://a.example/1',
    '/callback',
    'https:app.example\\@evil.example/',
    'https://app.example/\n',
    'https://app.example/\0',
    'https://app.ex\u{3002}ample/',
    'https://app.example/\u202Egpj',
    `https://app.example/${'x'.repeat(2000)}`,
    '',
    7,
    undefined,
  ])('never %s', (uri) => {
    expect(isSafeRedirect(uri)).toBe(false);
  });
});
