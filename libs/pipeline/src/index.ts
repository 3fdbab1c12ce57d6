export { DeclaredOperations } from './declared-operations.ts';
export { pipeline, PipelineModule } from './pipeline.module.ts';
