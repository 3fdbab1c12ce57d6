export type { PersonErasure, PersonExport } from './persons/persons.service.ts';
export { KnowledgeModule } from './knowledge.module.ts';
export { KnowledgeService } from './knowledge.service.ts';
