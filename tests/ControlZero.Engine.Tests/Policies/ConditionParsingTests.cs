using System.Globalization;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

public sealed class ConditionParsingTests
{
    [Theory]
    [InlineData("k: 'a*'", "k Glob a*")]
    [InlineData("k: 3", "k Glob 3")]
    [InlineData("k: 3.50", "k Glob 3.5")]
    [InlineData("k: true", "k Glob true")]
    [InlineData("k: [a, 3, false]", "k Glob a 3 false")]
    [InlineData("a.b.c: x", "a.b.c Glob x")]
    [InlineData("k: {glob: [a, b]}", "k Glob a b")]
    [InlineData("k: {not: 'p*'}", "k Not p*")]
    [InlineData("k: {eq: 3}", "k Equal 3")]
    [InlineData("k: {in: [a, 1, true]}", "k In a 1 true")]
    [InlineData("k: {not_in: ['x y']}", "k NotIn x y")]
    [InlineData("k: {gt: 1, lte: 5.5}", "k Greater 1; k LessOrEqual 5.5")]
    [InlineData("k: {gte: -1, lt: 1e3}", "k GreaterOrEqual -1; k Less 1000")]
    [InlineData("k: {between: [1, 1]}", "k Between 1 1")]
    [InlineData("k: {cidr: 10.0.0.0/8}", "k Cidr 10.0.0.0/8")]
    [InlineData("k: {cidr: ['2001:db8::/32', 127.0.0.1, '::1', 0.0.0.0/0]}", "k Cidr 2001:db8::/32 127.0.0.1 ::1 0.0.0.0/0")]
    [InlineData("k: {exists: false}", "k Exists False")]
    [InlineData("agent_id: 'a*'", "agent_id Glob a*")]
    [InlineData("agent.labels.gen_ai.team: x", "agent.labels.gen_ai.team Glob x")]
    [InlineData("request.time: {gte: '2026-01-31T09:00:00Z', lt: '2026-01-31T09:00:00.5+01:00'}",
        "request.time GreaterOrEqual 2026-01-31T09:00:00Z; request.time Less 2026-01-31T09:00:00.5+01:00")]
    [InlineData("request.time: {between: ['09:00', '17:30']}", "request.time Schedule 09:00:00-17:30:00 [] UTC")]
    [InlineData("request.time: {between: [22:00, '06:00:30'], zone: Europe/Berlin, weekdays: [Fri, monday]}",
        "request.time Schedule 22:00:00-06:00:30 [Monday Friday] Europe/Berlin")]
    [InlineData("request.time: {between: {from: '09:00', to: '17:30', zone: America/New_York, weekdays: [sun]}}",
        "request.time Schedule 09:00:00-17:30:00 [Sunday] America/New_York")]
    [InlineData("request.time: {weekdays: [sat, SUN]}", "request.time Schedule - [Sunday Saturday] UTC")]
    public void Parse_AcceptedConditions_AreReadAs(string conditions, string expected) =>
        Assert.Equal(expected, string.Join("; ", Parsing.AcceptRule($"{{allow: a, when: {{{conditions}}}}}").Conditions.Select(Describe)));

    [Theory]
    [InlineData("k: {}", "OPERAND_INVALID")]
    [InlineData("k: ", "OPERAND_INVALID")]
    [InlineData("k: []", "EMPTY_LIST")]
    [InlineData("k: [null]", "OPERAND_INVALID")]
    [InlineData("k: [[a]]", "OPERAND_INVALID")]
    [InlineData("k: yes", "FIELD_TYPE")]
    [InlineData("k: ''", "PATTERN_SYNTAX")]
    [InlineData("k: '[b-a]'", "PATTERN_SYNTAX")]
    [InlineData("k: {regex: a}", "OPERATOR_UNKNOWN")]
    [InlineData("k: {eq: [a]}", "OPERAND_INVALID")]
    [InlineData("k: {eq: null}", "OPERAND_INVALID")]
    [InlineData("k: {in: a}", "OPERAND_INVALID")]
    [InlineData("k: {in: []}", "EMPTY_LIST")]
    [InlineData("k: {not_in: [{}]}", "OPERAND_INVALID")]
    [InlineData("k: {gt: '3'}", "OPERAND_INVALID")]
    [InlineData("k: {gt: [3]}", "OPERAND_INVALID")]
    [InlineData("k: {lt: .nan}", "OPERAND_INVALID")]
    [InlineData("k: {gt: '2026-01-31T09:00:00Z'}", "OPERAND_INVALID")]
    [InlineData("k: {between: [2, 1]}", "OPERAND_INVALID")]
    [InlineData("k: {between: [1]}", "OPERAND_INVALID")]
    [InlineData("k: {between: ['09:00', '17:00']}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 10.0.0.1/8}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 10.0.0/8}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 010.0.0.0/8}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 10.0.0.0/33}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 10.0.0.0/08}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: '10.0.0.0/-1'}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 'fe80::1%eth0'}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: '[::1]'}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: 7}", "OPERAND_INVALID")]
    [InlineData("k: {cidr: []}", "EMPTY_LIST")]
    [InlineData("k: {exists: 'true'}", "FIELD_TYPE")]
    [InlineData("k: {weekdays: [mon]}", "OPERAND_INVALID")]
    [InlineData("'': a", "CONDITION_KEY")]
    [InlineData("a..b: a", "CONDITION_KEY")]
    [InlineData("' a': a", "CONDITION_KEY")]
    [InlineData("\"a\\u0007\": a", "CONDITION_KEY")]
    [InlineData("tenant_id: a", "CONDITION_KEY")]
    [InlineData("agent.id: a", "CONDITION_KEY")]
    [InlineData("agent.labels: a", "CONDITION_KEY")]
    [InlineData("agent.labels.Team: a", "CONDITION_KEY")]
    [InlineData("request.tme: a", "CONDITION_KEY")]
    [InlineData("cz.x: a", "CONDITION_KEY")]
    [InlineData("czc.x: a", "CONDITION_KEY")]
    [InlineData("estimate.cost: {lt: 1}", "CONDITION_KEY")]
    [InlineData("estimate: {lt: 1}", "CONDITION_KEY")]
    [InlineData("<<: {k: v}", "UNKNOWN_FIELD")]
    [InlineData("request.time: '09:00'", "OPERAND_INVALID")]
    [InlineData("request.time: {eq: a}", "OPERAND_INVALID")]
    [InlineData("request.time: {cidr: a}", "OPERAND_INVALID")]
    [InlineData("request.time: {gt: 5}", "OPERAND_INVALID")]
    [InlineData("request.time: {gt: '2026-01-31T09:00:00'}", "OPERAND_INVALID")]
    [InlineData("request.time: {gt: '2026-02-30T09:00:00Z'}", "OPERAND_INVALID")]
    [InlineData("request.time: {zone: UTC}", "OPERAND_INVALID")]
    [InlineData("request.time: {between: ['09:00', '09:00']}", "OPERAND_INVALID")]
    [InlineData("request.time: {between: ['9:00', '24:00']}", "OPERAND_INVALID,OPERAND_INVALID")]
    [InlineData("request.time: {between: '09:00'}", "OPERAND_INVALID")]
    [InlineData("request.time: {between: {from: '09:00'}}", "OPERAND_INVALID")]
    [InlineData("request.time: {between: {from: '09:00', to: '10:00', timezone: UTC}}", "UNKNOWN_FIELD")]
    [InlineData("request.time: {between: {from: '09:00', to: '10:00', zone: UTC}, zone: UTC}", "SAID_TWICE")]
    [InlineData("request.time: {weekdays: []}", "EMPTY_LIST")]
    [InlineData("request.time: {weekdays: mon}", "FIELD_TYPE")]
    [InlineData("request.time: {weekdays: [m]}", "FIELD_VALUE")]
    [InlineData("request.time: {weekdays: [mon], zone: Mars/Phobos}", "TIMEZONE_UNKNOWN")]
    [InlineData("request.time: {weekdays: [mon], zone: localtime}", "TIMEZONE_UNKNOWN")]
    [InlineData("request.time: {weekdays: [mon], zone: ../../../etc/localtime}", "TIMEZONE_UNKNOWN")]
    [InlineData("request.time: {timezone: UTC, weekdays: [mon]}", "OPERATOR_UNKNOWN")]
    public void Parse_RefusedConditions_HaveExactlyTheseErrors(string conditions, string expected) =>
        Assert.Equal(expected, string.Join(",", Parsing.RuleErrors($"{{allow: a, when: {{{conditions}}}}}")));

    [Theory]
    [InlineData("k: {cidr: 10.1.2.3/8}", "write `10.0.0.0/8`")]
    [InlineData("k: {cidr: '2001:db8::1/33'}", "write `2001:db8::/33`")]
    [InlineData("agent.id: x", "did you mean `agent_id`?")]
    [InlineData("request.tiem: x", "did you mean `request.time`?")]
    [InlineData("request.time: {timezone: UTC, weekdays: [mon]}", "did you mean `zone`?")]
    [InlineData("k: {not_int: [a]}", "did you mean `not_in`?")]
    [InlineData("k: {colour: a}", "use one of `eq`, `not`, `in`, `not_in`, `gt`, `gte`, `lt`, `lte`, `glob`, `cidr`, `between`, `exists`")]
    public void Parse_RefusedCondition_OffersTheRemedy(string conditions, string remedy) =>
        Assert.Equal(remedy, Assert.Single(PolicyParser.Parse($"name: p\nrules: [{{allow: a, when: {{{conditions}}}}}]").Diagnostics).Remedy);

    [Fact]
    public void Parse_NoConditions_IsUnconditional() => Assert.Empty(Parsing.AcceptRule("{allow: a, conditions: {}}").Conditions);

    private static string Describe(Condition condition) => condition switch
    {
        { Schedule: { } schedule } => string.Create(CultureInfo.InvariantCulture,
            $"{condition.Key} {condition.Operator} {schedule.From:HH:mm:ss}-{schedule.To:HH:mm:ss} [{string.Join(' ', schedule.Weekdays)}] {schedule.Zone}"),
        { Operator: ConditionOperator.Exists } => $"{condition.Key} {condition.Operator} {condition.Expected}",
        _ => $"{condition.Key} {condition.Operator} {string.Join(' ', condition.Operands.Select(operand => operand.AsText()))}",
    };
}
