/** What the clients have seen: calls that were answered, by door, and what must not be. */
export class Tally {
  readonly answered = { rest: 0, mcp: 0, ws: 0, tcp: 0 };
  readonly violations: string[] = [];
  connections = 0;
  refused = 0;

  get total(): number {
    return Object.values(this.answered).reduce((sum, count) => sum + count, 0);
  }

  violation(what: string): void {
    // The first few say what it is; thousands of the same say no more.
    if (this.violations.length < 20) this.violations.push(what);
  }
}
