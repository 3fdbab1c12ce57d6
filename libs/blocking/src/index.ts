export type { BlockListView, BlockView } from './admin/blocks.controller.ts';
export { AddressList } from './address-list.ts';
export { BlockGate } from './block-gate.ts';
export { BlockRecorder } from './block-recorder.ts';
export { blockingConfig } from './blocking.config.ts';
export { BlockingModule } from './blocking.module.ts';
export { Blocks } from './blocks.ts';
