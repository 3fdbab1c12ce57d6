import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';

/** Folder of the repository, also for what runs from dist. */
export const ROOT = dirname(findPackageJSON('..', import.meta.url)!);
