import { AppendFile, FsAppendFile, type OpenFile } from '../journal/append-file.ts';

export type Fault = 'none' | 'full' | 'read-only' | 'sync fails' | 'hangs';

/** A disk that fails on command, the way disks do. */
export class FaultyDisk {
  fault: Fault = 'none';
  #resume: (() => void) | undefined;

  readonly open: OpenFile = async (path) => {
    this.check();
    return new FaultyFile(await FsAppendFile.quick(path), this);
  };

  /** Whether somebody waits for it now. */
  get hanging(): boolean {
    return this.#resume !== undefined;
  }

  /** Ends a hang. */
  resume(): void {
    this.fault = 'none';
    this.#resume?.();
  }

  hang(): Promise<void> {
    return new Promise((resolve) => (this.#resume = resolve));
  }

  check(): void {
    if (this.fault === 'read-only') throw faultOf('EROFS');
  }
}

class FaultyFile extends AppendFile {
  readonly #file: FsAppendFile;
  readonly #disk: FaultyDisk;

  constructor(file: FsAppendFile, disk: FaultyDisk) {
    super();
    this.#file = file;
    this.#disk = disk;
  }

  async append(bytes: Buffer): Promise<void> {
    this.#disk.check();
    const { fault } = this.#disk;
    if (fault === 'hangs') await this.#disk.hang();
    const fits = fault === 'full' ? Math.floor(bytes.length * 0.6) : bytes.length;
    await this.#file.append(bytes.subarray(0, fits));
    if (fault === 'full') throw faultOf('ENOSPC');
    if (fault === 'sync fails') throw faultOf('EIO');
  }

  async cut(length: number): Promise<void> {
    this.#disk.check();
    await this.#file.cut(length);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function faultOf(code: string): Error {
  return Object.assign(new Error(`${code}: the disk fails`), { code });
}
