import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { UriTemplate } from './uri-template.ts';

describe('a URI template', () => {
  it.each([
    ['conversation://{id}', 'conversation://abc', { id: 'abc' }],
    ['conversation://{id}', 'conversation://a%2Fb%20c', { id: 'a/b c' }],
    ['test://template/{id}/data', 'test://template/7/data', { id: '7' }],
    ['a://{x}/{y}', 'a://1/2', { x: '1', y: '2' }],
    ['a://{x}-{y}', 'a://1-2-3', { x: '1', y: '2-3' }],
  ])('%s reads %s', (template, uri, variables) => {
    expect(new UriTemplate(template).match(uri)).toEqual(variables);
  });

  it.each([
    ['conversation://{id}', 'conversation://'],
    ['conversation://{id}', 'conversation://a/b'],
    ['conversation://{id}', 'conversation://a?b'],
    ['conversation://{id}', 'conversation://%zz'],
    ['conversation://{id}', 'Conversation://a'],
    ['test://template/{id}/data', 'test://template/data'],
    ['test://template/{id}/data', 'test://template/7/datas'],
    ['a://{x}/{y}', 'a://1'],
    ['a://{x}/x', 'a:///x'],
  ])('%s does not read %s', (template, uri) => {
    expect(new UriTemplate(template).match(uri)).toBeUndefined();
  });

  it.each(['a://b', 'a://{x}{y}', 'a://{x}/{x}', 'a://{+x}', 'a://{x', 'a://{}', 'a://{x}/}'])(
    'refuses %s',
    (template) => {
      expect(() => new UriTemplate(template)).toThrow(template);
    },
  );

  it('takes its time from the length of the URI alone', () => {
    const template = new UriTemplate('a://{x}-{y}-{z}!');
    const time = processorTime(() => {
      expect(template.match(`a://${'-a'.repeat(500_000)}`)).toBeUndefined();
    });
    expect(time).toBeLessThan(500);
  });
});
