import { describe, expect, it } from 'vitest';
import { resultOf, without } from './check.ts';
import { templateFaults, type Template } from './cloudformation-policies.ts';
import { composeFaults, type Compose } from './compose-policies.ts';
import { customResourceFaults } from './custom-resources.ts';
import { licenceFaults } from './licences.ts';
import { webAclFaults, type WebAclRule } from './web-acl-policies.ts';

const strict = (spec: object) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'strict' },
  spec: { ...spec },
});

const allowing = (Action: string, Resource: string): Template => ({
  Resources: {
    Policy: {
      Type: 'AWS::IAM::RolePolicy',
      Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } },
    },
  },
});

const managed = (Name: string, counted: readonly string[], override: 'None' | 'Count' = 'None') => ({
  Name: 'it',
  Statement: {
    ManagedRuleGroupStatement: {
      Name,
      RuleActionOverrides: counted.map((rule) => ({ Name: rule, ActionToUse: { Count: {} } })),
    },
  },
  OverrideAction: { [override]: {} },
});
const said = (rule: WebAclRule) => webAclFaults([rule]).join('\n');

describe('a check', () => {
  it('has failed where it throws, and where it finds a fault', async () => {
    expect(await resultOf({ name: 'a', run: () => Promise.reject(new Error('no tool')) })).toMatchObject({
      verdict: 'failed',
      says: ['no tool'],
    });
    expect(without(['a fault'], 'looked')).toEqual({ verdict: 'failed', says: ['a fault'] });
    expect(without([], 'looked')).toEqual({ verdict: 'passed', says: ['looked'] });
  });
});

describe('licences', () => {
  it.each(['MIT', '(MIT OR GPL-3.0)', 'Apache-2.0 AND BSD-3-Clause'])('%s is allowed', (licence) => {
    expect(licenceFaults([{ name: 'a@1', licence }])).toEqual([]);
  });

  it.each(['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE IN x', undefined])('%s is not', (licence) => {
    expect(licenceFaults([{ name: 'a@1', licence }])).toHaveLength(1);
  });
});

describe('objects of operators', () => {
  it.each([
    ['an unknown field', { mtls: { mode: 'STRICT', modes: 1 } }, 'modes'],
    ['a value that is none', { mtls: { mode: 'STRONG' } }, 'STRONG'],
  ])('may not have %s', async (_, spec, says) => {
    expect(await customResourceFaults([strict({ mtls: { mode: 'STRICT' } })])).toEqual([]);
    expect((await customResourceFaults([strict(spec)])).join('\n')).toContain(says);
  });
});

describe('compose files', () => {
  const service = { image: 'valkey:8.1', healthcheck: {} };
  const hardened = {
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true', 'apparmor:docker-default'],
    pids_limit: 200,
    networks: ['data'],
    deploy: { resources: { limits: { cpus: '1', memory: '1G' }, reservations: { cpus: '1', memory: '1G' } } },
  };
  const stores = ['postgres', 'valkey', 'valkey-state'];
  const all = (one: object) => Object.fromEntries(stores.map((name) => [name, one]));
  const networks = { data: { internal: true } };
  const faults = (own: object, over: object = {}, nets: Compose['networks'] = networks) =>
    composeFaults(
      { services: all({ ...service, ...own }) },
      { services: all({ ...hardened, ...over }), networks: nets },
    ).join('\n');

  it('have no fault when they are sound', () => {
    expect(faults({})).toBe('');
  });

  it.each([
    ['a password on the process list', { command: ['--requirepass', 'x'] }, {}, 'shows a password'],
    [
      'a secret in the environment',
      { environment: { POSTGRES_PASSWORD: 'x' } },
      {},
      'has the secret POSTGRES_PASSWORD',
    ],
    ['a port for everybody', { ports: ['6379:6379'] }, {}, 'publishes 6379:6379 to everybody'],
    ['an image of no version', { image: 'valkey' }, {}, 'has an image without a version'],
    ['capabilities', {}, { cap_drop: [] }, 'keeps capabilities'],
    ['no bound of processes', {}, { pids_limit: 0 }, 'other than 200 processes'],
  ])('are told of %s', (_, own, over, says) => {
    expect(faults(own, over)).toContain(says);
  });

  it('are told of stores that have a way out', () => {
    expect(faults({}, {}, { data: {} })).toContain('valkey has a way out');
  });
});

describe('the template for AWS', () => {
  it.each([
    ['all secrets', 'secretsmanager:GetSecretValue', '*', 'on everything'],
    [
      'a name without its slash',
      'secretsmanager:GetSecretValue',
      'arn:aws:secretsmanager:x:1:secret:mcp-demo/prod/*',
      'which is not',
    ],
    ['all actions', 'secretsmanager:*', 'arn:x', 'Policy allows secretsmanager:*'],
  ])('may not allow %s', (_, action, resource, says) => {
    expect(templateFaults(allowing(action, resource)).join('\n')).toContain(says);
  });

  it.each([
    ['GOVERNANCE', [], true],
    ['GOVERNANCE', ['s3:BypassGovernanceRetention'], false],
    ['COMPLIANCE', [], false],
  ])('keeps the trail of the account as long as it says: %s, %j denied', (Mode, Action, isFault) => {
    const template: Template = {
      Resources: {
        Bucket: { Type: 'AWS::S3::Bucket', Properties: { Rule: { DefaultRetention: { Mode } } } },
        Policy: {
          Type: 'AWS::S3::BucketPolicy',
          Properties: {
            Bucket: 'Bucket',
            PolicyDocument: { Statement: [{ Effect: 'Deny', Action, Resource: '*' }] },
          },
        },
      },
    };
    expect(templateFaults(template).includes('what is in Bucket may be deleted before its time')).toBe(
      isFault,
    );
  });
});

describe('the web ACL', () => {
  const bodies = ['SQLi_BODY', 'SQLiExtendedPatterns_BODY'];

  it.each([
    ['has no rule for geography', managed('AWSManagedRulesSQLiRuleSet', bodies)],
    ["'s rule it blocks nothing", managed('AWSManagedRulesSQLiRuleSet', bodies, 'Count')],
    [
      "'s rule it blocks nothing",
      { Name: 'it', Statement: { GeoMatchStatement: {} }, Action: { Count: {} } },
    ],
    ["'s rule it turns callers of ours away by SQLi_BODY", managed('AWSManagedRulesSQLiRuleSet', [])],
    [
      "'s rule it lets pass what SQLi_COOKIE finds",
      managed('AWSManagedRulesSQLiRuleSet', [...bodies, 'SQLi_COOKIE']),
    ],
  ])('%s', (says, rule) => {
    expect(said(rule)).toContain(`the web ACL${says.startsWith("'") ? '' : ' '}${says}`);
  });

  it('has nothing said against a rule that is sound', () => {
    expect(said(managed('AWSManagedRulesSQLiRuleSet', bodies))).not.toContain("'s rule");
  });
});
