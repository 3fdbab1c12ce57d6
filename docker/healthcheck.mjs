// Exit code 0 while this container's gateway is alive. No curl and no shell needed, and no credential: /health is public.
// The certificate is not verified: this asks whether the process answers, on the loopback, and not who it is.
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { env } from 'node:process';

const TIMEOUT_MS = 2_000;
const { PORT = '8000', MANAGEMENT_PORT = '8001' } = env;
const ports = [MANAGEMENT_PORT, PORT].filter((port) => port !== '' && port !== '0');

function isAlive(request, port) {
  return new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/health',
      timeout: TIMEOUT_MS,
      rejectUnauthorized: false,
    };
    request(options, (response) => resolve(response.resume().statusCode === 200))
      .on('timeout', function () {
        this.destroy();
      })
      .on('error', () => resolve(false))
      .end();
  });
}

for (const port of ports) {
  if ((await isAlive(http, port)) || (await isAlive(https, port))) process.exit(0);
}
process.exit(1);
