using ControlZero.Storage.Postgres;
using Npgsql;

namespace ControlZero.Storage.Tests.Postgres;

public sealed class PostgresConnectionTests
{
    [Fact]
    public void CreateDataSource_WithoutTimeouts_TakesShortOnes()
    {
        using var source = PostgresConnection.CreateDataSource("Host=db");

        var settings = new NpgsqlConnectionStringBuilder(source.ConnectionString);
        Assert.Equal((5, 5, "controlzero"), (settings.Timeout, settings.CommandTimeout, settings.ApplicationName));
    }

    [Fact]
    public void CreateDataSource_WithTimeouts_KeepsThem()
    {
        using var source = PostgresConnection.CreateDataSource("Host=db;Timeout=7;Command Timeout=8;Application Name=ours");

        var settings = new NpgsqlConnectionStringBuilder(source.ConnectionString);
        Assert.Equal((7, 8, "ours"), (settings.Timeout, settings.CommandTimeout, settings.ApplicationName));
    }

    [Theory]
    [InlineData("Host=db;Password=hush;Colour=blue")]
    [InlineData("Host=db;Password=hush;Timeout=soon")]
    [InlineData("hush")]
    [InlineData("")]
    public void CreateDataSource_OfWhatIsNoConnectionString_SaysSoWithoutThePassword(string connectionString)
    {
        var refusal = Assert.Throws<PostgresStorageException>(() => PostgresConnection.CreateDataSource(connectionString));

        Assert.StartsWith("the PostgreSQL connection string cannot be read: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refusal.Message, StringComparison.Ordinal);
    }
}
