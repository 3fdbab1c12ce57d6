export { adaptiveConfig } from './adaptive.config.ts';
export { AdaptiveLimits } from './adaptive-limits.ts';
export { AdaptiveModule } from './adaptive.module.ts';
