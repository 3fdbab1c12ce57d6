interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly pids_limit?: number;
  readonly networks?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly deploy?: { readonly resources?: { readonly limits?: Limits; readonly reservations?: Limits } };
}
interface Limits {
  readonly cpus?: string;
  readonly memory?: string;
  readonly pids?: number;
}
export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks?: Readonly<Record<string, { internal?: boolean } | null>>;
  readonly secrets?: Readonly<Record<string, { file: string }>>;
}

const SECRET_NAME = /(?:PASSWORD|SECRET|TOKEN|_KEY|PEPPER)$/;
const STORES = ['postgres', 'valkey', 'valkey-state'];
const MOST_PROCESSES = 200;

/** What must hold of the two files together: a line for each fault. */
export function composeFaults(base: Compose, hardened: Compose): string[] {
  const services = Object.entries(base.services);
  return [
    ...services.flatMap(([name, service]) => ownFaults(name, service, base)),
    ...services.flatMap(([name]) => hardeningFaults(name, hardened.services[name])),
    ...segmentationFaults(hardened),
  ];
}

function ownFaults(name: string, service: Service, { secrets = {} }: Compose): string[] {
  const { image = '', environment = {}, command = [], ports = [] } = service;
  const faults = [
    !/:(?:\$\{\w+:-)?v?[\w.]*\d/.test(image) && 'has an image without a version',
    name !== 'gateway' && !service.healthcheck && 'has no health check',
    command.some((argument) => /requirepass|password/i.test(argument)) &&
      'shows a password on the process list',
    ...Object.keys(environment).map(
      (one) => SECRET_NAME.test(one) && `has the secret ${one} in its environment`,
    ),
    ...(service.secrets ?? []).map(
      (one) => !(one in secrets) && `names the secret ${one}, which is not there`,
    ),
    ...Object.values(environment).map((value) => {
      const file = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1];
      return file !== undefined && !service.secrets?.includes(file) && `reads ${value}, which is not mounted`;
    }),
    ...ports.map(
      (port) => name !== 'nginx' && !port.startsWith('127.0.0.1:') && `publishes ${port} to everybody`,
    ),
  ];
  return faults.flatMap((fault) => (fault ? [`${name} ${fault}`] : []));
}

function hardeningFaults(name: string, service: Service | undefined): string[] {
  if (!service) return [`${name} is not in compose.security.yaml`];
  const { limits, reservations } = service.deploy?.resources ?? {};
  const faults = [
    service.read_only !== true && 'may write to its root',
    !service.cap_drop?.includes('ALL') && 'keeps capabilities',
    !service.security_opt?.includes('no-new-privileges:true') && 'may gain privileges',
    !service.security_opt?.some((option) => option.startsWith('apparmor:')) && 'has no AppArmor profile',
    service.pids_limit !== MOST_PROCESSES && `may have other than ${MOST_PROCESSES} processes`,
    (!limits?.cpus || !limits.memory) && 'has no limit of CPU or memory',
    (!reservations?.cpus || !reservations.memory) && 'reserves no CPU or no memory',
    networksOf(service).length === 0 && 'is on the network of all',
  ];
  return faults.flatMap((fault) => (fault ? [`${name} (hardened) ${fault}`] : []));
}

/** Stores are on one network that leads nowhere, with the gateway alone; nothing else has both a way in and a way there. */
function segmentationFaults({ services, networks = {} }: Compose): string[] {
  const faults: string[] = [];
  const members = (network: string) =>
    Object.keys(services).filter((name) => networksOf(services[name]!).includes(network));
  for (const store of STORES) {
    const [network = '', ...more] = networksOf(services[store] ?? {});
    if (more.length > 0 || networks[network]?.internal !== true) faults.push(`${store} has a way out`);
    const others = members(network).filter((name) => name !== 'gateway' && !STORES.includes(name));
    if (others.length > 0) faults.push(`${others.join(', ')} can reach ${store}`);
  }
  for (const [name, service] of Object.entries(services))
    for (const network of networksOf(service))
      if (!(network in networks)) faults.push(`${name} is on ${network}, which is not there`);
  return faults;
}

function networksOf({ networks = [] }: Service): string[] {
  return Array.isArray(networks) ? [...(networks as readonly string[])] : Object.keys(networks);
}
