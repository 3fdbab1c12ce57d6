/** One rule of a web ACL, with as much of its shape as is asked for. */
export interface WebAclRule {
  readonly Name: string;
  readonly Statement: Readonly<Record<string, unknown>> & {
    readonly ManagedRuleGroupStatement?: {
      readonly Name: string;
      readonly RuleActionOverrides?: readonly {
        readonly Name: string;
        readonly ActionToUse: Readonly<Record<string, unknown>>;
      }[];
    };
  };
  readonly Action?: Readonly<Record<string, unknown>>;
  readonly OverrideAction?: Readonly<Record<string, unknown>>;
}

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

/**
 * Rules of AWS that would turn away whom we serve: conversations may quote SQL, addresses and paths, and agents are
 * programs, in data centres. All that look into bodies are here (AWS WAF's list of its managed rule groups).
 */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesSQLiRuleSet: ['SQLi_BODY', 'SQLiExtendedPatterns_BODY'],
  AWSManagedRulesCommonRuleSet: [
    'SizeRestrictions_BODY',
    'CrossSiteScripting_BODY',
    'GenericLFI_BODY',
    'GenericRFI_BODY',
    'EC2MetaDataSSRF_BODY',
    'NoUserAgent_HEADER',
  ],
  AWSManagedRulesBotControlRuleSet: [
    'CategoryHttpLibrary',
    'CategoryAI',
    'SignalNonBrowserUserAgent',
    'SignalKnownBotDataCenter',
  ],
};

export function webAclFaults(rules: readonly WebAclRule[]): string[] {
  const missing = Object.entries(RULES)
    .filter(([, mark]) => !JSON.stringify(rules).includes(mark))
    .map(([name]) => `the web ACL has no rule for ${name}`);
  return [...missing, ...rules.flatMap(faultsOf)];
}

function faultsOf({ Name: name, Statement: statement, Action, OverrideAction }: WebAclRule): string[] {
  const { ManagedRuleGroupStatement: group } = statement;
  const isInForce = group ? OverrideAction?.['None'] !== undefined : Action?.['Block'] !== undefined;
  const counted = new Set(
    (group?.RuleActionOverrides ?? [])
      .filter(({ ActionToUse }) => ActionToUse['Count'] !== undefined)
      .map((override) => override.Name),
  );
  const expected = COUNTED[group?.Name ?? ''] ?? [];
  return [
    ...(isInForce ? [] : [`the web ACL's rule ${name} blocks nothing`]),
    ...expected
      .filter((rule) => !counted.has(rule))
      .map((rule) => `the web ACL's rule ${name} turns callers of ours away by ${rule}`),
    ...[...counted]
      .filter((rule) => !expected.includes(rule))
      .map((rule) => `the web ACL's rule ${name} lets pass what ${rule} finds`),
  ];
}
