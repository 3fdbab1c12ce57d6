export { ConfigError } from './config-error.ts';
export { ConfigModule } from './config.module.ts';
export { defineConfig, definedConfigs, type ConfigOf } from './define-config.ts';
export { homeConfig } from './home.config.ts';
export { keyBytes } from './key-bytes.ts';
export { readAllConfigs, readConfig, readSetting, type AllValues, type Environment } from './read-config.ts';
export { setting, type Setting } from './setting.ts';
