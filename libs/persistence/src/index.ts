export { Database } from './database.ts';
export { DatabaseTimeout, DatabaseUnavailable } from './database-failure.ts';
export type { EngineName } from './engine.ts';
export { DataFolder } from './folder/data-folder.ts';
export { openDatabase } from './open-database.ts';
export { persistenceConfig } from './persistence.config.ts';
export { PersistenceError } from './persistence-error.ts';
export { PersistenceModule } from './persistence.module.ts';
export type { Tables } from './tables/index.ts';
