using ControlZero.Server.Rpc;
using ControlZero.Server.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Rpc;

public sealed class GrpcDeadlineTests
{
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3_000)]
    [InlineData("99999999u", 99_999.999)]
    [InlineData("250m", 250)]
    [InlineData("5000000n", 5)]
    public async Task Timeout_OfEveryUnit_EndsTheWaitWhenItIsOver(string header, double milliseconds)
    {
        Assert.True(TryRead(header, out var deadline));
        var waiting = deadline.WaitAsync(new ValueTask<int>(new TaskCompletionSource<int>().Task)).AsTask();

        _clock.Advance(TimeSpan.FromMilliseconds(milliseconds) - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("-5S")]
    [InlineData("5s")]
    [InlineData(" 5S")]
    [InlineData("123456789S")]
    [InlineData("0m")]
    [InlineData("99n")]
    [InlineData("25H")]
    public void Timeout_OfAnotherForm_OrTooLongForATimer_IsNotRead(string header) => Assert.False(TryRead(header, out _));

    [Fact]
    public async Task NoTimeout_WaitsForEver()
    {
        Assert.True(GrpcDeadline.TryRead(new DefaultHttpContext(), _clock, out var deadline));
        var work = new TaskCompletionSource<int>();
        var waiting = deadline.WaitAsync(new ValueTask<int>(work.Task)).AsTask();
        _clock.Advance(TimeSpan.FromDays(400));
        Assert.False(waiting.IsCompleted);
        work.SetResult(7);

        Assert.Equal(7, await waiting);
    }

    [Fact]
    public async Task Timeout_RunsOnBetweenWaits()
    {
        Assert.True(TryRead("500m", out var deadline));
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        var waiting = deadline.WaitAsync(new ValueTask<int>(new TaskCompletionSource<int>().Task)).AsTask();
        Assert.False(waiting.IsCompleted);

        _clock.Advance(TimeSpan.FromMilliseconds(200));

        await Until.TrueAsync(() => waiting.IsFaulted, "the wait is over");
    }

    private bool TryRead(string header, out GrpcDeadline deadline)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.GrpcTimeout = header;
        return GrpcDeadline.TryRead(http, _clock, out deadline);
    }
}
