/** The folder of DATA_DIR, opened: it exists, only its owner may look into it, and no other process works in it. */
export class DataFolder {
  /** Absolute path. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}
