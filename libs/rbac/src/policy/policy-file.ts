import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConfigError, type ConfigOf } from '#config';
import { FileWatch } from '#secrets';
import { builtInGrants, rulesInForce } from '../rules-in-force.ts';
import { policyConfig } from './policy.config.ts';
import { PolicyRefused, readRolePolicy } from './role-policy.ts';

/** What came of an edit. */
export type PolicyNews =
  { readonly event: 'policy_changed' } | { readonly event: 'policy_refused'; readonly reason: string };

/**
 * POLICY_FILE, put in force at the start and after each edit. At the start a bad one stops the boot; later it is told, and
 * the rules in force stay: half a policy is none.
 */
@Injectable()
export class PolicyFile implements OnModuleInit, OnApplicationShutdown {
  readonly #log = new Logger('Policy');
  readonly #path: string | undefined;
  readonly #listeners: ((news: PolicyNews) => void)[] = [];
  #text: string | undefined;
  #watch: FileWatch | undefined;

  constructor(@Inject(policyConfig.KEY) { file }: ConfigOf<typeof policyConfig>) {
    this.#path = file === undefined ? undefined : resolve(file);
  }

  /** @throws ConfigError */
  onModuleInit(): void {
    if (this.#path === undefined) return;
    try {
      this.#apply(readFileSync(this.#path, 'utf8'));
    } catch (error) {
      throw new ConfigError(faultsOf(error));
    }
    this.#watch = new FileWatch([this.#path], () => this.refresh());
  }

  onNews(listener: (news: PolicyNews) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the file now. Never throws. */
  refresh(): void {
    let text: string | undefined;
    try {
      text = readFileSync(this.#path!, 'utf8');
      if (text === this.#text) return;
      this.#apply(text);
    } catch (error) {
      this.#refuse(error, text);
      return;
    }
    this.#log.log('The policy file has changed: its rules are in force');
    this.#tell({ event: 'policy_changed' });
  }

  onApplicationShutdown(): void {
    this.#watch?.close();
    if (this.#watch) rulesInForce.put(builtInGrants);
  }

  #apply(text: string): void {
    const grants = readRolePolicy(text);
    this.#text = text;
    rulesInForce.put(grants);
  }

  /** Told once for each bad text, not every half minute. */
  #refuse(error: unknown, text = ''): void {
    if (text === this.#text) return;
    this.#text = text;
    const reason = faultsOf(error).join('; ');
    this.#log.error(`The policy file is not put in force, the rules of before stay: ${reason}`);
    this.#tell({ event: 'policy_refused', reason });
  }

  #tell(news: PolicyNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}

function faultsOf(error: unknown): string[] {
  if (error instanceof PolicyRefused)
    return error.faults.map(({ line, message }) => `POLICY_FILE, line ${line}: ${message}`);
  return [`POLICY_FILE can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`];
}
