namespace ControlZero.Engine;

/// <summary>
/// Every limit a caller can run into, in one place. <c>GetLimits</c> shows <see cref="All"/>; error messages name the limit they held
/// a value against. The values are those of the project's design, section 5, unless a remark says otherwise.
/// </summary>
public static class Limits
{
    /// <summary>Largest message of the enforcement service, a batch aside. Unit: bytes.</summary>
    public const int EnforceMessageMaxBytes = 256 * 1024;

    /// <summary>Largest message of a batch. Unit: bytes.</summary>
    public const int BatchMessageMaxBytes = 4 * 1024 * 1024;

    /// <summary>Most requests of one batch. Unit: entries.</summary>
    public const int BatchMaxRequests = 256;

    /// <summary>Most requests of one stream that were read and not yet answered; past it the server stops reading. Unit: entries.</summary>
    public const int StreamMaxInFlight = 1024;

    /// <summary>Most candidate resources of a request. Unit: entries. The design names no figure; OpenRouter's lists are far shorter.</summary>
    public const int RequestMaxCandidates = 64;

    /// <summary>Largest message of the other services; a test of many documents is the largest there is. Unit: bytes.</summary>
    public const int AdminMessageMaxBytes = 4 * 1024 * 1024;

    /// <summary>
    /// Most entries of all lists and maps of one message, nested ones included: a batch of the most requests, each with the most candidates and
    /// the most context. Unit: entries. Held against the bytes before they are parsed.
    /// </summary>
    public const int MessageMaxEntries = BatchMaxRequests * (1 + RequestMaxCandidates + ContextMaxEntries);

    /// <summary>Longest agent id. Unit: characters, all of them ASCII.</summary>
    public const int AgentIdMaxLength = 128;

    /// <summary>Longest tenant id. Unit: characters, all of them ASCII. Short enough for a DNS label.</summary>
    public const int TenantIdMaxLength = 63;

    /// <summary>Longest request id. Unit: bytes.</summary>
    public const int RequestIdMaxBytes = 255;

    /// <summary>Longest action. Unit: bytes of UTF-8.</summary>
    public const int ActionMaxBytes = 256;

    /// <summary>Longest resource. Unit: bytes of UTF-8.</summary>
    public const int ResourceMaxBytes = 1024;

    /// <summary>Most entries of a request's context, nested ones included. Unit: entries.</summary>
    public const int ContextMaxEntries = 64;

    /// <summary>Longest key of a context entry. Unit: characters.</summary>
    public const int ContextKeyMaxLength = 128;

    /// <summary>Largest single value of a context. Unit: bytes of UTF-8.</summary>
    public const int ContextValueMaxBytes = 4 * 1024;

    /// <summary>Largest context as a whole, keys and values. Unit: bytes of UTF-8.</summary>
    public const int ContextMaxBytes = 64 * 1024;

    /// <summary>Deepest nesting of a context; a plain value at the top is at level 1. Unit: levels.</summary>
    public const int ContextMaxDepth = 16;

    /// <summary>Largest policy document. Unit: bytes of UTF-8.</summary>
    public const int PolicyMaxBytes = 256 * 1024;

    /// <summary>Longest policy name. Unit: characters (UTF-16).</summary>
    public const int PolicyNameMaxLength = 128;

    /// <summary>Most rules of a policy. Unit: entries.</summary>
    public const int PolicyMaxRules = 1000;

    /// <summary>Most limits of a policy: a decision asks all that apply. Unit: entries. The design names no figure.</summary>
    public const int PolicyMaxLimits = 32;

    /// <summary>Most limits of one agent's own. Unit: entries.</summary>
    public const int AgentMaxLimits = 16;

    /// <summary>
    /// Most limits of all enabled policies of a tenant: each that an agent has used is an entry of its record. The design names no figure. Unit: entries.
    /// </summary>
    public const int TenantMaxLimits = 256;

    /// <summary>Longest name of a limit. Unit: characters (UTF-16).</summary>
    public const int LimitNameMaxLength = 128;

    /// <summary>Most patterns in one list of a rule. Unit: entries.</summary>
    public const int RuleMaxPatterns = 64;

    /// <summary>Longest pattern. Unit: characters (UTF-16).</summary>
    public const int PatternMaxLength = 256;

    /// <summary>Longest text a rule may carry: reason, name, description. Unit: characters (UTF-16).</summary>
    public const int RuleTextMaxLength = 1024;

    /// <summary>
    /// Most that a rule adds to an answer: its reason, in every language, and its obligations. What the obligations of several candidates may
    /// come to together, too. Unit: bytes of UTF-8.
    /// </summary>
    public const int AnswerMaxBytes = 16 * 1024;

    /// <summary>Most values of the obligations of a rule, the obligations themselves included. Unit: entries.</summary>
    public const int RuleMaxObligationValues = 256;

    /// <summary>Most languages of a rule's reason. Unit: entries.</summary>
    public const int RuleMaxLanguages = 64;

    /// <summary>Deepest nesting of a policy document. Unit: levels.</summary>
    public const int PolicyMaxDepth = 16;

    /// <summary>
    /// Most values of a policy document: objects, lists and scalars, nested ones included. A value and its key cost up to 1.5 KiB to read, so this is
    /// what keeps the reading within 16 MiB. Unit: entries. The design names no figure; a thousand rules with nine values each fit.
    /// </summary>
    public const int PolicyMaxValues = 10_000;

    /// <summary>Most tenants of a cluster unless its servers are told another figure. Unit: entries.</summary>
    public const int ClusterMaxTenants = 10_000;

    /// <summary>Most policies of a tenant, and most documents of one test. Unit: entries.</summary>
    public const int TenantMaxPolicies = 1000;

    /// <summary>
    /// The enabled policies of a tenant, together: a silo compiles them all when it is first asked, and keeps them. Unit: bytes of UTF-8.
    /// </summary>
    public const long TenantMaxPolicyBytes = 4 * 1024 * 1024;

    /// <summary>Most values of the enabled policies of a tenant, together; see <see cref="PolicyMaxValues"/>. Unit: entries.</summary>
    public const long TenantMaxPolicyValues = 16 * PolicyMaxValues;

    /// <summary>
    /// What matching may cost for one decision; a request over it is denied with <c>EVALUATION_LIMIT</c>. Unit: steps of about a nanosecond,
    /// one a piece of a pattern and a character of the text it is held against; patterns without a wildcard before their end cost one.
    /// </summary>
    public const long DecisionMaxSteps = 24_000_000;

    /// <summary>Most requests of one test. Unit: entries.</summary>
    public const int TestMaxRequests = 1000;

    /// <summary>The documents of one test, together: what the largest policy has. Unit: bytes.</summary>
    public const int TestMaxDocumentBytes = PolicyMaxBytes;

    /// <summary>What matching may cost for all requests of one test, see <see cref="DecisionMaxSteps"/>. Unit: steps of about a nanosecond.</summary>
    public const long TestMaxSteps = 20 * DecisionMaxSteps;

    /// <summary>The answers of one test, together; see <see cref="AnswerMaxBytes"/>. Unit: bytes.</summary>
    public const int TestMaxAnswerBytes = 2 * 1024 * 1024;

    /// <summary>Most past decisions that one replay looks at. Unit: entries.</summary>
    public const int ReplayMaxEvents = 1_000_000;

    /// <summary>Most examples of each kind of change that a replay shows. Unit: entries.</summary>
    public const int ReplayMaxExamples = 100;

    /// <summary>What matching for all decisions of one replay may cost. Unit: steps, see <see cref="DecisionMaxSteps"/>.</summary>
    public const long ReplayMaxSteps = 200 * DecisionMaxSteps;

    /// <summary>Most trials that an explanation lists; the rule that decided is always one of them. Unit: entries.</summary>
    public const int ExplainMaxTrials = 1000;

    /// <summary>Most text of the trials that an explanation lists, the one that decided aside. Unit: characters (UTF-16).</summary>
    public const int ExplainMaxLength = 512 * 1024;

    /// <summary>Most labels of an agent. Unit: entries.</summary>
    public const int AgentMaxLabels = 64;

    /// <summary>Longest key of a label. Unit: characters, all of them ASCII.</summary>
    public const int LabelKeyMaxLength = 63;

    /// <summary>Longest value of a label. Unit: bytes of UTF-8.</summary>
    public const int LabelValueMaxBytes = 256;

    /// <summary>Most agents a tenant may be given room for. Unit: entries.</summary>
    public const long TenantMaxAgents = 10_000_000;

    /// <summary>Agents a tenant has room for when it is created without a figure. Unit: entries.</summary>
    public const long TenantDefaultMaxAgents = 100_000;

    /// <summary>
    /// Most suspensions of a tenant at a time: they stand in the one record that says what is in force. To stop more agents than these,
    /// suspend the tenant or publish a policy. Unit: entries.
    /// </summary>
    public const int TenantMaxSuspensions = 1000;

    /// <summary>Longest reason of a suspension. Unit: bytes of UTF-8.</summary>
    public const int SuspensionReasonMaxBytes = 256;

    /// <summary>Longest name of a key. Unit: bytes of UTF-8.</summary>
    public const int KeyNameMaxBytes = 128;

    /// <summary>Most agent globs a key may be bound to. Unit: entries.</summary>
    public const int KeyMaxAgentPatterns = 64;

    /// <summary>Largest page of a list. Unit: entries.</summary>
    public const int PageMaxSize = 1000;

    /// <summary>Size of a page when none is asked for. Unit: entries.</summary>
    public const int PageDefaultSize = 100;

    /// <summary>Most units of an estimate or a report, and of a limit that is not of money. Unit: units of the metric.</summary>
    public const long UnitsMax = 1_000_000_000_000;

    /// <summary>
    /// Most money of a limit or an adjustment: a million dollars. The design's figure for all units would be a thousand, less than a team spends in a
    /// month. Unit: nano-USD.
    /// </summary>
    public const long MoneyLimitMax = 1_000_000_000_000_000;

    /// <summary>All limits, sorted by name. One that a server may be told another figure for stands with its default.</summary>
    public static IReadOnlyList<LimitDescription> All { get; } =
    [
        new("action_max_bytes", ActionMaxBytes, "bytes", "the action of a request"),
        new("admin_message_max_bytes", AdminMessageMaxBytes, "bytes", "a message of every service but EnforcementService"),
        new("agent_id_max_length", AgentIdMaxLength, "characters", "an agent id"),
        new("agent_max_labels", AgentMaxLabels, "entries", "the labels of an agent"),
        new("agent_max_limits", AgentMaxLimits, "entries", "the limits of an agent's own"),
        new("answer_max_bytes", AnswerMaxBytes, "bytes", "what a rule adds to an answer: its reason in every language, and its obligations"),
        new("batch_max_requests", BatchMaxRequests, "entries", "the requests of a batch"),
        new("batch_message_max_bytes", BatchMessageMaxBytes, "bytes", "a message of EnforceBatch"),
        new("cluster_max_tenants", ClusterMaxTenants, "entries", "the tenants of the cluster; set by `Tenants:Max`"),
        new("context_key_max_length", ContextKeyMaxLength, "characters", "a key of a request's context"),
        new("context_max_bytes", ContextMaxBytes, "bytes", "a request's context as a whole"),
        new("context_max_depth", ContextMaxDepth, "levels", "the nesting of a request's context"),
        new("context_max_entries", ContextMaxEntries, "entries", "the entries of a request's context, nested ones included"),
        new("context_value_max_bytes", ContextValueMaxBytes, "bytes", "a single value of a request's context"),
        new("decision_max_steps", DecisionMaxSteps, "steps", "matching for one decision, a step a piece of a pattern and a character of text; over it the answer is deny"),
        new("enforce_message_max_bytes", EnforceMessageMaxBytes, "bytes", "a message of EnforcementService, EnforceBatch aside; of EnforceStream, one message of the stream"),
        new("explain_max_length", ExplainMaxLength, "characters", "the trials an explanation lists; more are counted"),
        new("explain_max_trials", ExplainMaxTrials, "entries", "the trials an explanation lists; more are counted"),
        new("key_max_agent_patterns", KeyMaxAgentPatterns, "entries", "the agent globs a key is bound to"),
        new("key_name_max_bytes", KeyNameMaxBytes, "bytes", "the name of a key"),
        new("label_key_max_length", LabelKeyMaxLength, "characters", "the key of an agent's label"),
        new("label_value_max_bytes", LabelValueMaxBytes, "bytes", "the value of an agent's label"),
        new("limit_name_max_length", LimitNameMaxLength, "characters", "the name of a limit"),
        new("message_max_entries", MessageMaxEntries, "entries", "the lists and maps of a message together, nested ones included"),
        new("money_limit_max", MoneyLimitMax, "nano-USD", "a limit of money, and an adjustment"),
        new("page_max_size", PageMaxSize, "entries", "a page of a list; more is cut to this"),
        new("pattern_max_length", PatternMaxLength, "characters", "a pattern of a rule or a key"),
        new("policy_max_bytes", PolicyMaxBytes, "bytes", "a policy document"),
        new("policy_max_depth", PolicyMaxDepth, "levels", "the nesting of a policy document"),
        new("policy_max_limits", PolicyMaxLimits, "entries", "the limits of a policy"),
        new("policy_max_rules", PolicyMaxRules, "entries", "the rules of a policy"),
        new("policy_max_values", PolicyMaxValues, "entries", "the values of a policy document: objects, lists and scalars, nested ones included"),
        new("policy_name_max_length", PolicyNameMaxLength, "characters", "the name of a policy"),
        new("replay_max_events", ReplayMaxEvents, "entries", "the past decisions one replay looks at"),
        new("replay_max_examples", ReplayMaxExamples, "entries", "the examples of each kind of change that a replay shows"),
        new("replay_max_steps", ReplayMaxSteps, "steps", "matching for all decisions of one replay"),
        new("request_id_max_bytes", RequestIdMaxBytes, "bytes", "a request id"),
        new("request_max_candidates", RequestMaxCandidates, "entries", "the candidate resources of a request"),
        new("resource_max_bytes", ResourceMaxBytes, "bytes", "the resource of a request"),
        new("rule_max_languages", RuleMaxLanguages, "entries", "the languages of a rule's reason"),
        new("rule_max_obligation_values", RuleMaxObligationValues, "entries", "the values of a rule's obligations, the obligations themselves included"),
        new("rule_max_patterns", RuleMaxPatterns, "entries", "the patterns in one list of a rule"),
        new("rule_text_max_length", RuleTextMaxLength, "characters", "a text a rule or policy carries: id, name, reason, description"),
        new("stream_max_in_flight", StreamMaxInFlight, "entries", "the requests of a stream that are read and not yet answered; past it the server stops reading"),
        new("suspension_reason_max_bytes", SuspensionReasonMaxBytes, "bytes", "the reason of a suspension"),
        new("tenant_id_max_length", TenantIdMaxLength, "characters", "a tenant id"),
        new("tenant_max_agents", TenantMaxAgents, "entries", "the agents a tenant may be given room for"),
        new("tenant_max_limits", TenantMaxLimits, "entries", "the limits of the enabled policies of a tenant, together"),
        new("tenant_max_policies", TenantMaxPolicies, "entries", "the policies of a tenant, and the documents of one test"),
        new("tenant_max_policy_bytes", TenantMaxPolicyBytes, "bytes", "the enabled policies of a tenant, together"),
        new("tenant_max_policy_values", TenantMaxPolicyValues, "entries", "the values of the enabled policies of a tenant, together"),
        new("tenant_max_suspensions", TenantMaxSuspensions, "entries", "the suspensions of a tenant at a time"),
        new("test_max_answer_bytes", TestMaxAnswerBytes, "bytes", "the answers of one test, together"),
        new("test_max_document_bytes", TestMaxDocumentBytes, "bytes", "the documents of one test, together"),
        new("test_max_requests", TestMaxRequests, "entries", "the requests of one test"),
        new("test_max_steps", TestMaxSteps, "steps", "matching for all requests of one test"),
        new("units_max", UnitsMax, "units", "an estimate or a report, and a limit that is not of money"),
    ];
}

/// <summary>One limit, as it is shown to callers.</summary>
/// <param name="Name">Its name in snake case.</param>
/// <param name="Value">The largest value that is accepted.</param>
/// <param name="Unit"><c>bytes</c>, <c>characters</c>, <c>entries</c>, <c>levels</c> or <c>units</c>.</param>
/// <param name="Description">What it limits.</param>
public sealed record LimitDescription(string Name, long Value, string Unit, string Description);
