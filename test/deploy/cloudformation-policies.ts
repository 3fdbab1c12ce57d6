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
/** What each of the six rules is known by, anywhere in its statement. */
const RULES: Readonly<Record<string, string>> = {
  'a rate of each address':
    '"RateBasedStatement":{"Limit":"RequestsPerFiveMinutes","EvaluationWindowSec":300,"AggregateKeyType":"IP"}',
  geography: '"GeoMatchStatement"',
  'SQL injection': '"AWSManagedRulesSQLiRuleSet"',
  'cross-site scripting': '"AWSManagedRulesCommonRuleSet"',
  bots: '"AWSManagedRulesBotControlRuleSet"',
  reputation: '"AWSManagedRulesAmazonIpReputationList"',
};

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
  const rules = JSON.stringify(acl?.Properties['Rules'] ?? []);
  for (const [name, mark] of Object.entries(RULES))
    if (!rules.includes(mark)) faults.push(`the web ACL has no rule for ${name}`);
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
