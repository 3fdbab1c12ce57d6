import 'reflect-metadata';
import { gatehouse } from './program.ts';

await gatehouse().parseAsync();
