/** What a gateway exposes at /metrics: each metric by name, with the labels that its samples have. */
export class Exposition {
  readonly #labels = new Map<string, Set<string>>();
  readonly #values = new Map<string, number>();

  constructor(text: string) {
    for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
      const endings = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      for (const ending of endings) this.#labels.set(name! + ending, new Set());
    }
    for (const [, name, labels = '', value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
      this.#values.set(labels === '' ? name! : `${name}{${labels}}`, Number(value));
      for (const [, label] of labels.matchAll(/(\w+)="/g)) this.#labels.get(name!)?.add(label!);
    }
  }

  /** A sample by its name without the prefix, labels as they are written; NaN where there is none. */
  value(name: string): number {
    return this.#values.get(`gatehouse_${name}`) ?? Number.NaN;
  }

  /** What a query names that is not exposed: a metric, or a label of one. */
  missing(query: string): string[] {
    return [...query.matchAll(/\b(gatehouse_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, name, selector = '']) => {
      const labels = this.#labels.get(name!);
      if (!labels) return [name!];
      const asked = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!);
      return asked
        .filter((label) => !OF_PROMETHEUS.has(label) && !labels.has(label))
        .map((label) => `${name}{${label}}`);
    });
  }
}

/** It adds them to whatever it scrapes. */
const OF_PROMETHEUS: ReadonlySet<string> = new Set(['job', 'instance']);
