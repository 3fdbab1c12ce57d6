import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { ConfigError, readAllConfigs } from '#config';
import { settingRows } from '../../../apps/cli/src/settings.command.ts';
import { ROOT } from '../../support/root.ts';
import { without, type Check } from '../check.ts';
import { containersOf, ofKind, templatesOf } from '../manifest.ts';
import { overlays } from '../overlays.ts';

interface Place {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the platform reads, and not Gatehouse: Node, and Compose. */
const OF_OTHERS = new Set(['NODE_EXTRA_CA_CERTS', 'PATH', 'IMAGE_TAG']);

export const settings: Check = {
  name: 'settings',
  async run() {
    const rows = await settingRows();
    const known = new Set(
      rows.flatMap(({ name, aliases, allowed }) =>
        [name, ...aliases].flatMap((one) => (allowed.includes('_FILE') ? [one, `${one}_FILE`] : [one])),
      ),
    );
    const places = [...composePlaces(), ...files(), ...image(), ...(await kubernetesPlaces())];
    const faults = places.flatMap(({ name, env }) => [
      ...Object.keys(env)
        .filter((variable) => !known.has(variable) && !OF_OTHERS.has(variable))
        .map((variable) => `${name}: ${variable} is no setting`),
      ...valueFaults(env).map((fault) => `${name}: ${fault}`),
    ]);
    const count = new Set(places.flatMap(({ env }) => Object.keys(env))).size;
    return without(
      faults,
      `${count} names in ${places.length} places are settings, and their values are allowed`,
    );
  },
};

/** What the program itself says of the values. Files are not there yet, and placeholders are refused on purpose. */
function valueFaults(env: Place['env']): string[] {
  const own = Object.entries(env).filter(
    ([name, value]) => !OF_OTHERS.has(name) && !name.endsWith('_FILE') && value !== 'CHANGE_ME',
  );
  try {
    readAllConfigs(Object.fromEntries(own));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.faults];
    throw error;
  }
}

function composePlaces(): Place[] {
  return ['docker/compose.yaml', 'docker/compose.security.yaml'].map((name) => {
    const { services } = parse(readFileSync(join(ROOT, name), 'utf8'), { merge: true }) as {
      services: { gateway: { environment: Record<string, string> } };
    };
    return { name, env: services.gateway.environment };
  });
}

function files(): Place[] {
  return ['docker/.env.example', 'docker/.env.production.template'].map((name) => ({
    name,
    env: parseEnv(readFileSync(join(ROOT, name), 'utf8')) as Record<string, string>,
  }));
}

function image(): Place[] {
  const name = 'docker/Dockerfile';
  const text = readFileSync(join(ROOT, name), 'utf8').replaceAll('\\\n', ' ');
  const pairs = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => [
    ...line.matchAll(/(\w+)=(\S+)/g),
  ]);
  return [{ name, env: Object.fromEntries(pairs.map(([, key, value]) => [key, value])) }];
}

async function kubernetesPlaces(): Promise<Place[]> {
  return (await overlays()).flatMap(({ name, manifests }) =>
    templatesOf(manifests).flatMap((template) =>
      containersOf(template).map(({ name: container, env = [], envFrom = [] }) => {
        const maps = envFrom.map(({ configMapRef }) =>
          ofKind(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef?.name),
        );
        const direct = env.map(({ name: variable, value = '' }) => [variable, value] as const);
        return {
          name: `${name}, ${container}`,
          env: Object.assign({}, ...maps.map((map) => map?.data), Object.fromEntries(direct)) as Place['env'],
        };
      }),
    ),
  );
}
