import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { homeConfig, type ConfigOf } from '#config';
import { Secrets } from '#secrets';
import { Database } from './database.ts';
import { DataFolder } from './folder/data-folder.ts';
import { openDatabase } from './open-database.ts';
import { persistenceConfig } from './persistence.config.ts';

/** The data folder and the database, ready to use for whoever injects `DataFolder` or `Database`. */
@Global()
@Module({
  providers: [
    {
      provide: DataFolder,
      inject: [homeConfig.KEY],
      useFactory: ({ dataDir }: ConfigOf<typeof homeConfig>) => DataFolder.open(dataDir),
    },
    {
      provide: Database,
      inject: [persistenceConfig.KEY, DataFolder, { token: Secrets, optional: true }],
      useFactory: async (
        config: ConfigOf<typeof persistenceConfig>,
        folder: DataFolder,
        secrets?: Secrets,
      ) => {
        try {
          return await openDatabase(config, folder, secrets);
        } catch (error) {
          await folder.close();
          throw error;
        }
      },
    },
  ],
  exports: [DataFolder, Database],
})
export class PersistenceModule implements OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly folder: DataFolder,
  ) {}

  /** Nest shuts a global module down after all others, so whoever writes last words has written them. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
    await this.folder.close();
  }
}
