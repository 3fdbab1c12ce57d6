import { webAclFaults, type WebAclRule } from './web-acl-policies.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}
interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

const OWN_SECRETS =
  'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretsPrefix}/*';
/** What must hold of the template, beyond what its linter knows: a line for each fault. */
export function templateFaults({ Resources: resources }: Template): string[] {
  const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
  const faults: string[] = [];
  for (const [name, { Properties }] of [
    ...ofType('AWS::IAM::RolePolicy'),
    ...ofType('AWS::IAM::ManagedPolicy'),
  ]) {
    const { Statement: statements } = Properties['PolicyDocument'] as { Statement: Statement[] };
    for (const { Action, Resource } of statements) {
      const [actions, on] = [[Action].flat(), [Resource].flat()];
      if (actions.some((action) => action.includes('*'))) faults.push(`${name} allows ${actions.join(', ')}`);
      if (on.includes('*')) faults.push(`${name} allows ${actions.join(', ')} on everything`);
      if (
        actions.some((action) => action.startsWith('secretsmanager:')) &&
        on.some((one) => one !== OWN_SECRETS)
      )
        faults.push(`${name} reads ${on.join(', ')}, which is not ${OWN_SECRETS}`);
    }
  }
  for (const [name, { Properties }] of ofType('AWS::IAM::Role')) {
    const trust = JSON.stringify(Properties['AssumeRolePolicyDocument']);
    if (
      !trust.includes('system:serviceaccount:${Namespace}:${ServiceAccount}') ||
      !trust.includes('sts.amazonaws.com')
    )
      faults.push(`${name} may be assumed by others than the service account`);
  }
  for (const [name, { Properties }] of ofType('AWS::KMS::Key'))
    if (Properties['EnableKeyRotation'] !== true) faults.push(`${name} does not rotate`);
  const [, acl] = ofType('AWS::WAFv2::WebACL')[0] ?? [];
  faults.push(...webAclFaults((acl?.Properties['Rules'] ?? []) as WebAclRule[]));
  faults.push(...keptFaults(resources));
  for (const type of ['AWS::CloudTrail::Trail', 'AWS::GuardDuty::Detector', 'AWS::SecurityHub::Hub'])
    if (ofType(type).length === 0) faults.push(`there is no ${type}`);
  for (const [name, { Properties }] of ofType('AWS::EC2::SecurityGroup')) {
    const open = (Properties['SecurityGroupIngress'] as { CidrIp?: string; FromPort: number }[]).filter(
      ({ CidrIp, FromPort }) => CidrIp === '0.0.0.0/0' && ![80, 443].includes(FromPort),
    );
    if (open.length > 0) faults.push(`${name} is open to everybody`);
    if (!Properties['SecurityGroupEgress']) faults.push(`${name} lets everything out`);
  }
  return faults;
}

/** Who may bypass the governance of S3's Object Lock deletes what it holds, and IAM's administrators may. */
function keptFaults(resources: Template['Resources']): string[] {
  const all = Object.entries(resources);
  const policies = all
    .filter(([, { Type }]) => Type === 'AWS::S3::BucketPolicy')
    .filter(([, { Properties }]) => {
      const { Statement: statements } = Properties['PolicyDocument'] as { Statement: Statement[] };
      return statements.some(
        ({ Effect, Action }) => Effect === 'Deny' && [Action].flat().includes('s3:BypassGovernanceRetention'),
      );
    })
    .map(([, { Properties }]) => Properties['Bucket']);
  const denied = new Set(policies);
  return all
    .filter(([, { Properties }]) => JSON.stringify(Properties ?? {}).includes('"Mode":"GOVERNANCE"'))
    .filter(([name]) => !denied.has(name))
    .map(([name]) => `what is in ${name} may be deleted before its time`);
}
