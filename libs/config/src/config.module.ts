import { Module, type DynamicModule } from '@nestjs/common';
import { readAllConfigs, type Environment } from './read-config.ts';

/** Gives every lib its own values, by its definition's KEY. The only place where the environment is read. */
@Module({})
export class ConfigModule {
  static forRoot(env: Environment = process.env): DynamicModule {
    const providers = [...readAllConfigs(env)].map(([{ KEY }, values]) => ({
      provide: KEY,
      useValue: values,
    }));
    return { module: ConfigModule, global: true, providers, exports: providers };
  }
}
