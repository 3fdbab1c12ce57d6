import { allDocuments } from '../../support/documents.ts';
import { without, type Check } from '../check.ts';

export const documents: Check = {
  name: 'documents',
  async run() {
    const all = allDocuments();
    const broken = all.flatMap((document) =>
      document.brokenLinks().map((link) => `${document.path}: ${link}`),
    );
    return without(broken, `every link in ${all.length} documents leads somewhere`);
  },
};
