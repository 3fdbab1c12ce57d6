import { describe, expect, it } from 'vitest';
import { pipeline } from '#pipeline';

describe('the pipeline', () => {
  it('has its stages in this order', () => {
    expect(pipeline.map(({ useClass }) => useClass.name)).toEqual([
      'BindGuard',
      'IdentityGuard',
      'VisibilityGuard',
      'ThrottleGuard',
      'AuthoriseGuard',
      'ValidationGuard',
      'MaskingInterceptor',
      'CacheInterceptor',
    ]);
  });
});
