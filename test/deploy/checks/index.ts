import type { Check } from '../check.ts';
import { cloudformation } from './cloudformation.ts';
import { bill, licences, vulnerabilities } from './dependencies.ts';
import { compose, configuration, dockerfile } from './docker.ts';
import { documents } from './documents.ts';
import { image } from './image.ts';
import { kustomize, policy, schemas } from './kubernetes.ts';
import { alertmanager, prometheus } from './prometheus.ts';
import { restart } from './restart.ts';
import { nginx, secrets, shellScripts } from './secrets.ts';
import { settings } from './settings.ts';
import { valkey } from './valkey.ts';

/** In the order of the report: what is quick first. */
export const checks: readonly Check[] = [
  documents,
  settings,
  dockerfile,
  compose,
  configuration,
  shellScripts,
  secrets,
  nginx,
  valkey,
  prometheus,
  alertmanager,
  kustomize,
  schemas,
  policy,
  cloudformation,
  licences,
  vulnerabilities,
  bill,
  restart,
  image,
];
