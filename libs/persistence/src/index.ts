export { DataFolder } from './data-folder.ts';
export { Database, type Engine } from './database.ts';
export { persistenceConfig } from './persistence.config.ts';
export { PersistenceModule } from './persistence.module.ts';
export type { Tables } from './tables/index.ts';
