import { readFile } from 'node:fs/promises';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`. Undefined: as whoever we are. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = ['postgres', 'nobody'].map((name) => lines.find(([user]) => user === name)).find(Boolean);
  if (!entry)
    throw new Error('PostgreSQL refuses to run as root, and /etc/passwd has neither postgres nor nobody');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}
