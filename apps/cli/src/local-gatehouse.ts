import { userInfo } from 'node:os';
import { Module, type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuditModule, AuditTrail } from '#audit';
import { allowed, Call, operationOf, refusedBy, Settlement, type Operation, type Principal } from '#call';
import { ConfigModule } from '#config';
import { PersistenceModule } from '#persistence';
import { LiveSecrets, SecretsModule } from '#secrets';
import { InputValidation, ValidationModule } from '#validation';

const settlement = {
  provide: Settlement,
  inject: [AuditTrail],
  useFactory: (trail: AuditTrail) => new Settlement([trail]),
};

@Module({})
class LocalModule {
  static with(secrets: LiveSecrets, features: readonly Type[]): DynamicModule {
    const stores = [ConfigModule.forRoot(secrets.env), SecretsModule.forRoot(secrets), PersistenceModule];
    const imports = [...stores, AuditModule, ValidationModule, ...features];
    return { module: LocalModule, imports, providers: [settlement] };
  }
}

/** As much of Gatehouse as a command needs on the machine itself: its stores, and one record of all that is done. */
export class LocalGatehouse {
  readonly #app: INestApplicationContext;

  private constructor(app: INestApplicationContext) {
    this.#app = app;
  }

  /** Opens the stores for `work`, then closes them. @throws PersistenceError when a gateway works on them */
  static async during<T>(
    features: readonly Type[],
    work: (gatehouse: LocalGatehouse) => Promise<T>,
  ): Promise<T> {
    await import('../../gateway/src/gateway.module.ts'); // each lib declares its settings: all that may be set are known
    const secrets = await LiveSecrets.open(process.env);
    try {
      const app = await NestFactory.createApplicationContext(LocalModule.with(secrets, features), {
        logger: false,
        abortOnError: false,
      });
      try {
        return await work(new LocalGatehouse(app));
      } finally {
        await app.close();
      }
    } finally {
      secrets.close();
    }
  }

  get<T>(type: abstract new (...args: never[]) => T): T {
    return this.#app.get<T>(type);
  }

  /** Calls a handler of the REST door: the very same, by its declaration. */
  handle<C, T>(controller: Type<C>, name: keyof C, input: unknown): Promise<T> {
    const instance = this.get(controller);
    const handler = instance[name] as unknown as (input: unknown, call: Call) => T | Promise<T>;
    return this.call(operationOf(handler)!, input, async (checked, call) =>
      handler.call(instance, checked, call),
    );
  }

  /** Does one thing as any call is done, save for what the machine's owner needs not prove: checked, and on record. */
  async call<I, T>(operation: Operation, input: I, work: (input: I, call: Call) => Promise<T>): Promise<T> {
    const call = new Call({ door: 'cli', address: '127.0.0.1', authorization: undefined });
    call.operation = operation;
    call.input = input;
    call.principal = owner();
    const settle = this.#app.get(Settlement);
    try {
      if (operation.input) this.#app.get(InputValidation).check(call);
      const answer = await work(call.input as I, call);
      await settle.settle(call, allowed(call, 200));
      return answer;
    } catch (error) {
      await settle.settle(call, refusedBy(error));
      throw error;
    }
  }
}

/** Whoever may open the stores could do anything to them; the record says under which account of the machine. */
function owner(): Principal {
  const { username } = userInfo();
  return { id: `local:${username}`, name: username, role: 'admin', tier: undefined, keyId: 'local' };
}
