namespace ControlZero.Engine.Diagnostics;

/// <summary>The codes of findings. Stable: programs, tests and editors rely on them.</summary>
public static class DiagnosticCodes
{
    /// <summary>The text is neither JSON nor YAML.</summary>
    public const string Syntax = "SYNTAX";

    /// <summary>The document is larger, deeper or longer than a limit.</summary>
    public const string PolicyTooLarge = "POLICY_TOO_LARGE";

    /// <summary>A YAML anchor or alias.</summary>
    public const string YamlAliasForbidden = "YAML_ALIAS_FORBIDDEN";

    /// <summary>A YAML tag.</summary>
    public const string YamlTagForbidden = "YAML_TAG_FORBIDDEN";

    /// <summary>More than one YAML document in the text.</summary>
    public const string YamlMultiDoc = "YAML_MULTI_DOC";

    /// <summary>The same key twice in a YAML mapping.</summary>
    public const string YamlDuplicateKey = "YAML_DUPLICATE_KEY";

    /// <summary>The same key twice in a JSON object.</summary>
    public const string JsonDuplicateKey = "JSON_DUPLICATE_KEY";

    /// <summary>A key the schema does not know.</summary>
    public const string UnknownField = "UNKNOWN_FIELD";

    /// <summary>A value of the wrong type.</summary>
    public const string FieldType = "FIELD_TYPE";

    /// <summary>A required field is missing or empty.</summary>
    public const string FieldRequired = "FIELD_REQUIRED";

    /// <summary>A text that is longer than its limit.</summary>
    public const string FieldTooLong = "FIELD_TOO_LONG";

    /// <summary>A value that is none of the words allowed here.</summary>
    public const string FieldValue = "FIELD_VALUE";

    /// <summary>The same thing said twice in two ways.</summary>
    public const string SaidTwice = "SAID_TWICE";

    /// <summary>A list without entries.</summary>
    public const string EmptyList = "EMPTY_LIST";

    /// <summary>More entries than the limit.</summary>
    public const string TooMany = "TOO_MANY";

    /// <summary>A document version this build does not read.</summary>
    public const string VersionUnknown = "VERSION_UNKNOWN";

    /// <summary>A name with characters that are not allowed in it.</summary>
    public const string NameSyntax = "NAME_SYNTAX";

    /// <summary>A rule that says neither, or more than one, of `effect`, `allow` and `deny`.</summary>
    public const string RuleShape = "RULE_SHAPE";

    /// <summary>An effect that does not exist.</summary>
    public const string RuleEffectUnknown = "RULE_EFFECT_UNKNOWN";

    /// <summary>A reason code that is the system's own, or is not spelled like one.</summary>
    public const string ReasonCodeReserved = "REASON_CODE_RESERVED";

    /// <summary>An empty, untrimmed, overlong or broken pattern.</summary>
    public const string PatternSyntax = "PATTERN_SYNTAX";

    /// <summary>A `model/` pattern that no resource the front door accepts can match.</summary>
    public const string PatternUnmatchable = "PATTERN_UNMATCHABLE";

    /// <summary>An operator that does not exist.</summary>
    public const string OperatorUnknown = "OPERATOR_UNKNOWN";

    /// <summary>An operand that does not fit its operator.</summary>
    public const string OperandInvalid = "OPERAND_INVALID";

    /// <summary>A condition key that is reserved and not one of those that exist, or is malformed.</summary>
    public const string ConditionKey = "CONDITION_KEY";

    /// <summary>A time zone that does not exist.</summary>
    public const string TimezoneUnknown = "TIMEZONE_UNKNOWN";

    /// <summary>A metric that does not exist.</summary>
    public const string MetricUnknown = "METRIC_UNKNOWN";

    /// <summary>A window or another duration that is none.</summary>
    public const string WindowInvalid = "WINDOW_INVALID";

    /// <summary>A field of a limit that does not go with its metric or window.</summary>
    public const string LimitShape = "LIMIT_SHAPE";

    /// <summary>Two limits of one policy with the same name.</summary>
    public const string LimitNameTwice = "LIMIT_NAME_TWICE";

    /// <summary>A number outside its range.</summary>
    public const string NumberRange = "NUMBER_RANGE";

    /// <summary>Warning: a rule that an earlier one of the same policy always precedes.</summary>
    public const string RuleUnreachable = "RULE_UNREACHABLE";

    /// <summary>Warning: a deny that comes after a rule that permits everything it could deny.</summary>
    public const string DenyAfterCatchAll = "DENY_AFTER_CATCH_ALL";

    /// <summary>Warning: no rule and no default of the policy permits anything.</summary>
    public const string PolicyAllowsNothing = "POLICY_ALLOWS_NOTHING";

    /// <summary>Warning: a deny that a caller can dodge by leaving a key out of its context.</summary>
    public const string DenyOnCallerContext = "DENY_ON_CALLER_CONTEXT";

    /// <summary>Warning: a setting of Control Zero documents that does not apply here.</summary>
    public const string SettingNotApplicable = "SETTING_NOT_APPLICABLE";

    /// <summary>Warning: a limit on something that no rule and no default of its policy permits.</summary>
    public const string LimitUnreachable = "LIMIT_UNREACHABLE";

    /// <summary>Warning: limits of a policy in shadow, which are not counted.</summary>
    public const string LimitInShadow = "LIMIT_IN_SHADOW";

    /// <summary>Warning: two rules of one policy report the same id.</summary>
    public const string RuleIdTwice = "RULE_ID_TWICE";
}
