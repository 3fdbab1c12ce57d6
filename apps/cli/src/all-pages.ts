const PAGE = 1_000;

/** All of a list that comes page by page, each with the items under this name and how many there are in all. */
export async function allPages<N extends string, T>(
  name: N,
  pageAt: (page: { skip: number; limit: number }) => Promise<Record<N, readonly T[]> & { total: number }>,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const page = await pageAt({ skip: all.length, limit: PAGE });
    all.push(...page[name]);
    if (page[name].length === 0 || all.length >= page.total) return all;
  }
}
