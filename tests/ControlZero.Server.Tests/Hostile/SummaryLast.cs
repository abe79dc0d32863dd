using Xunit.Abstractions;
using Xunit.Sdk;

namespace ControlZero.Server.Tests.Hostile;

/// <summary>Runs the test that sums up after those it sums up.</summary>
public sealed class SummaryLast : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase => testCases.OrderBy(test => test.TestMethod.Method.Name.StartsWith("Rows_", StringComparison.Ordinal));
}
