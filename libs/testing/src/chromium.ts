import { access, constants } from 'node:fs/promises';
import { installWithApt } from './apt.ts';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium of this machine; where none is, Debian's is installed. Rejects where that fails. */
export async function chromiumProgram(): Promise<string> {
  const there = await find();
  if (there) return there;
  const refusal = await installWithApt('chromium');
  const installed = refusal === undefined ? await find() : undefined;
  if (installed) return installed;
  throw new Error(
    `These tests need Chromium, and there is none: ${refusal ?? 'apt-get installed it elsewhere'}`,
  );
}

async function find(): Promise<string | undefined> {
  for (const path of PATHS) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}
