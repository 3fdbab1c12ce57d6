import { Controller, Delete, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { CurrentCall, Input, Operation, type Call } from '#call';
import { InvalidInput } from '#errors';
import { Cache, type Invalidated } from '../cache.ts';
import type { CacheFigures, CacheHealth } from '../cache-figures.ts';
import { CacheKeyToInvalidate, CacheSelection } from './cache.dto.ts';

const invalidate = { permission: 'cache:write', event: 'cache_invalidated' } as const;

/** `/cache`, on the management port: how it is, and how to empty it (ARC-12, ARC-33, ARC-35). */
@Controller('cache')
export class CacheController {
  constructor(private readonly cache: Cache) {}

  @Get('health')
  @RouteConfig({ management: true })
  @Operation({ name: 'cache.health', permission: 'health:read' })
  health(): Promise<CacheHealth> {
    return this.cache.health();
  }

  @Get('metrics')
  @RouteConfig({ management: true })
  @Operation({ name: 'cache.metrics', permission: 'metrics:read' })
  metrics(): CacheFigures {
    return this.cache.figures();
  }

  @Delete()
  @RouteConfig({ management: true })
  @Operation({ name: 'cache.invalidate', input: CacheSelection, ...invalidate })
  invalidate(@Input() { pattern, tag }: CacheSelection, @CurrentCall() call: Call): Promise<Invalidated> {
    if (pattern !== undefined && tag !== undefined)
      throw new InvalidInput('Give a pattern or a tag, not both', [
        { path: '/tag', message: 'not with a pattern' },
      ]);
    if (tag === '*') throw new InvalidInput('"*" is no tag', [{ path: '/tag', message: 'must be a tag' }]);
    call.note('cache', tag === undefined ? `pattern ${pattern ?? '*'}` : `tag ${tag}`);
    if (tag !== undefined) return this.cache.invalidateTags([tag]);
    return pattern === undefined ? this.cache.invalidateAll() : this.cache.invalidatePattern(pattern);
  }

  @Delete(':key')
  @RouteConfig({ management: true })
  @Operation({ name: 'cache.invalidate-key', input: CacheKeyToInvalidate, ...invalidate })
  invalidateKey(@Input() { key }: CacheKeyToInvalidate, @CurrentCall() call: Call): Promise<Invalidated> {
    call.note('cache', `key ${key}`);
    return this.cache.invalidateKey(key);
  }
}
