import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { TokenFamilies } from '../tokens/token-families.ts';
import { LoginThrottle } from './login-throttle.ts';

const EVERY_MS = 3_600_000;

/** Forgets sessions and failures whose time is over. On every replica: the second finds nothing left to do. */
@Injectable()
export class LoginUpkeep implements OnModuleInit, OnApplicationShutdown {
  readonly #log = new Logger('Identity');
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly families: TokenFamilies,
    private readonly throttle: LoginThrottle,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects: what is over counts for nothing, whether it is still there or not. */
  async run(at = new Date()): Promise<void> {
    try {
      await this.families.deleteExpired(at);
      await this.throttle.deleteExpired(at);
    } catch (error) {
      this.#log.warn({ err: error }, 'Sessions that are over were not deleted: trying again in an hour');
    }
  }
}
