import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './root.ts';

/** A page of ours, in Markdown. */
export class Document {
  readonly text: string;

  /** @param path relative to the repository */
  constructor(readonly path: string) {
    this.text = readFileSync(join(ROOT, path), 'utf8');
  }

  /** Code blocks in a language, whole and in order. */
  blocks(language: string): string[] {
    return blocksIn(this.text, language);
  }

  /** Code inside the text: `such`. */
  get codes(): string[] {
    return [...this.#prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
  }

  /** What lies between `<!-- name -->` and `<!-- /name -->`. */
  between(name: string): string | undefined {
    return new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 's').exec(this.text)?.[1];
  }

  /** Links into this repository that lead nowhere. */
  brokenLinks(): string[] {
    const links = [...this.#prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    return links.filter((link) => !/^[a-z]+:/.test(link) && !this.leadsSomewhere(link));
  }

  get #prose(): string {
    return this.text.replaceAll(/^```.*?^```$/gms, '');
  }

  /** Whether a link of this page leads to a file that is there, and to a heading of it. */
  leadsSomewhere(link: string): boolean {
    const [file = '', anchor] = link.split('#');
    const path = file === '' ? this.path : join(dirname(this.path), file);
    if (!existsSync(join(ROOT, path))) return false;
    return anchor === undefined || new Document(path).#anchors.includes(anchor);
  }

  /** As GitHub names headings. */
  get #anchors(): string[] {
    const headings = [...this.#prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
    return headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }
}

/** Code blocks in a language in a piece of a page. */
export function blocksIn(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, of, code]) =>
    of === language ? [code!] : [],
  );
}

/** Every page that we wrote. */
export function allDocuments(): Document[] {
  const paths = globSync(['*.md', '{docs,apps,libs,test,docker,k8s}/**/*.md'], { cwd: ROOT });
  return paths.toSorted().map((path) => new Document(path));
}
