import { setTimeout as sleep } from 'node:timers/promises';
import { ConfinedProcess, type Confinement } from './confined-process.ts';

const START_LIMIT_MS = 60_000;

/** The gateway of an image, once it answers. Throws what it says where it does not; then nothing of it is left. */
export async function served(confinement: Confinement): Promise<ConfinedProcess> {
  const gateway = new ConfinedProcess(confinement, confinement.config.Cmd);
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await isHealthy(confinement.env['PORT']!))) {
    if (gateway.hasEnded || Date.now() > limit) {
      await gateway.end('SIGKILL');
      throw new Error(`it does not answer /health: ${gateway.output.slice(-2_000)}`);
    }
    await sleep(100);
  }
  return gateway;
}

async function isHealthy(port: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}
