import { Global, Module } from '@nestjs/common';

/** The data folder and the database, ready to use for whoever injects `DataFolder` or `Database`. */
@Global()
@Module({})
export class PersistenceModule {}
