using ControlZero.Client.Configuration;
using ControlZero.Client.Enforcement;
using ControlZero.Client.Routing;
using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client;

/// <summary>
/// Asks the cluster whether an agent may act. Safe for concurrent use; make one and keep it: it holds one connection an address.
/// Without a decision the answer is a deny, unless the options say otherwise.
/// </summary>
public sealed partial class ControlZeroClient : IDisposable, IAsyncDisposable
{
    private readonly ControlZeroClientOptions _options;
    private readonly Endpoints _endpoints;
    private readonly BoundedCalls _calls;
    private readonly AgentBinding _binding;
    private readonly TimeProvider _clock;

    /// <summary>Makes a client. No connection is opened before the first call.</summary>
    /// <param name="options">How to reach the cluster. Default: all from the environment.</param>
    /// <param name="timeProvider">The clock of time-outs and back-offs. Default: the system's.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options are invalid; the message tells every fault.</exception>
    public ControlZeroClient(ControlZeroClientOptions? options = null, TimeProvider? timeProvider = null)
        : this(options, timeProvider, EnvironmentDefaults.OfProcess, Chance.OfSystem)
    {
    }

    internal ControlZeroClient(ControlZeroClientOptions? options, TimeProvider? timeProvider, EnvironmentDefaults environment, Func<double> chance)
    {
        _options = environment.Fill(options ?? new ControlZeroClientOptions());
        OptionsRules.ThrowIfInvalid(_options);
        _clock = timeProvider ?? TimeProvider.System;
        _endpoints = EndpointsOf(_options, _clock, chance);
        Enforcement = new(_endpoints.Calls);
        Policies = new(_endpoints.Calls);
        Agents = new(_endpoints.Calls);
        Models = new(_endpoints.Calls);
        Tenants = new(_endpoints.Calls);
        Audit = new(_endpoints.Calls);
        Cluster = new(_endpoints.Calls);
        _calls = new BoundedCalls(_clock, _options.Timeout, _options.MaxAttempts, chance);
        _binding = new AgentBinding(_calls, _endpoints);
    }

    /// <summary>Generated client of EnforcementService: authenticated, no retries, no fallback. Prefer <see cref="CheckAsync"/>.</summary>
    public EnforcementService.EnforcementServiceClient Enforcement { get; }

    /// <summary>Generated client of PolicyService, authenticated. Its calls throw <see cref="ControlZeroException"/>.</summary>
    public PolicyService.PolicyServiceClient Policies { get; }

    /// <summary>Generated client of AgentService, authenticated. Its calls throw <see cref="ControlZeroException"/>.</summary>
    public AgentService.AgentServiceClient Agents { get; }

    /// <summary>Generated client of ModelService, authenticated. Its calls throw <see cref="ControlZeroException"/>.</summary>
    public ModelService.ModelServiceClient Models { get; }

    /// <summary>Generated client of AuditService, authenticated. Its calls throw <see cref="ControlZeroException"/>; give a tail a deadline of its own.</summary>
    public AuditService.AuditServiceClient Audit { get; }

    /// <summary>Generated client of TenantService, authenticated. Its calls throw <see cref="ControlZeroException"/>.</summary>
    public TenantService.TenantServiceClient Tenants { get; }

    /// <summary>Generated client of ClusterService, authenticated. Its calls throw <see cref="ControlZeroException"/>.</summary>
    public ClusterService.ClusterServiceClient Cluster { get; }

    /// <summary>Checks the url and the key with one call, so that a wrong one is found at the start and not at the first question.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ControlZeroException">The cluster cannot be reached (Unavailable, DeadlineExceeded) or the key is not valid (Unauthenticated).</exception>
    public async Task InitializeAsync(CancellationToken cancellationToken = default)
    {
        using var budget = _calls.Begin(cancellationToken);
        try
        {
            await _binding.RefreshAsync(budget).ConfigureAwait(false);
        }
        catch (ControlZeroException error) when (IsNoAnswer(error))
        {
            throw new ControlZeroException(
                error.StatusCode,
                error.Reason,
                $"no answer from `{_options.Url}`; start the cluster or set `{EnvironmentDefaults.UrlVariable}` or the option Url ({error.Message})",
                error);
        }
    }

    /// <summary>Asks, and returns the answer whatever it is. A deny is an answer.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cancellationToken">Ends the call; then there is no answer.</param>
    /// <returns>The decision; one the client made itself when none arrived.</returns>
    /// <exception cref="ControlZeroException">The question or the key is wrong; the agent must not act.</exception>
    /// <exception cref="ArgumentException">The context holds a value that cannot be sent.</exception>
    public Task<EnforceDecision> CheckAsync(EnforceQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return CheckOverAsync(query, stream: null, cancellationToken);
    }

    internal async Task<EnforceDecision> CheckOverAsync(EnforceQuery query, StreamExchange? stream, CancellationToken cancellationToken)
    {
        var request = DecisionMapping.ToRequest(query);
        using var budget = _calls.Begin(cancellationToken);
        try
        {
            if (request.AgentId.Length == 0)
            {
                request.AgentId = await AgentAsync(budget).ConfigureAwait(false) ?? throw AgentBinding.NoAgent();
            }

            var streamed = (await OverAsync(stream, () => new EnforceStreamRequest { Enforce = request }, budget).ConfigureAwait(false))?.Response;
            var route = _endpoints.For(request.AgentId);
            if (streamed is not null && DecisionMapping.StalenessOf(streamed) is { } staleness)
            {
                route.Stale(stream!.Endpoint, staleness);
            }

            var response = streamed is not null && !route.HasAnother ? streamed : await _calls.SendAsync(
                route,
                (endpoint, options) => endpoint.Enforcement.EnforceAsync(request, options),
                budget,
                (answer, headers) => new Acceptance(Stale: DecisionMapping.StalenessOf(answer, _endpoints.Learn(request.AgentId, headers))),
                streamed).ConfigureAwait(false);
            return GiveBackUnused(DecisionMapping.ToDecision(response, request, _options.Obligations), request.AgentId);
        }
        catch (ControlZeroException error) when (IsNoAnswer(error))
        {
            return DecisionMapping.WithoutAnswer(request, _options, error.Message);
        }
    }

    /// <summary>Asks, and throws unless the agent may act.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cancellationToken">Ends the call; then there is no answer.</param>
    /// <returns>The decision, an allow.</returns>
    /// <exception cref="PolicyDeniedException">The agent may not act; the whole decision is in it.</exception>
    /// <exception cref="ControlZeroException">The question or the key is wrong; the agent must not act.</exception>
    /// <exception cref="ArgumentException">The context holds a value that cannot be sent.</exception>
    public async Task<EnforceDecision> EnforceAsync(EnforceQuery query, CancellationToken cancellationToken = default)
    {
        var decision = await CheckAsync(query, cancellationToken).ConfigureAwait(false);
        return decision.Allowed ? decision : throw new PolicyDeniedException(query, decision);
    }

    /// <summary>
    /// Asks several questions in one message, and returns what each came to, in order. They are independent and may be about different agents:
    /// one that is wrong does not touch the others. <see cref="ControlZeroClientOptions.Timeout"/> and attempts are those of one call; only what
    /// the cluster could not decide, or a stale server denied, is asked again, with the same request ids.
    /// </summary>
    /// <param name="queries">The questions, at most 256. None: nothing is sent.</param>
    /// <param name="cancellationToken">Ends the call; then there is no answer.</param>
    /// <returns>One outcome a question, in the same order; a decision the client made itself for each that none arrived for.</returns>
    /// <exception cref="ControlZeroException">There are too many questions, or the key is wrong; no agent must act.</exception>
    /// <exception cref="ArgumentException">A question is null, or its context holds a value that cannot be sent; nothing was sent.</exception>
    public async Task<IReadOnlyList<EnforceOutcome>> CheckBatchAsync(IReadOnlyList<EnforceQuery> queries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        var batch = new QuestionBatch(queries, _options);
        using var budget = _calls.Begin(cancellationToken);
        try
        {
            if (batch.NeedsAgent)
            {
                batch.NameAgent(await AgentAsync(budget).ConfigureAwait(false));
            }

            if (batch.IsOpen)
            {
                await _calls.SendAsync(
                    _endpoints.For(batch.FirstAgent),
                    (endpoint, options) => endpoint.Enforcement.EnforceBatchAsync(batch.ToMessage(), options),
                    budget,
                    (answer, _) => batch.Accept(answer)).ConfigureAwait(false);
                batch.GiveUp();
            }
        }
        catch (ControlZeroException error) when (IsNoAnswer(error))
        {
            batch.GiveUp(error);
        }

        foreach (var (token, agent) in batch.Unused)
        {
            _ = CancelQuietlyAsync(token, agent);
        }

        return batch.Outcomes;
    }

    /// <summary>Closes the connections. Calls under way end without an answer.</summary>
    public void Dispose() => _endpoints.Dispose();

    /// <summary>Waits for what is being settled or cancelled, each at most its time-out, and closes the connections. Other calls under way end without an answer.</summary>
    public async ValueTask DisposeAsync()
    {
        await ((Task)Task.WhenAll(_endings.Keys)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    private static Endpoints EndpointsOf(ControlZeroClientOptions options, TimeProvider clock, Func<double> chance)
    {
        var addresses = AddressList.Parse(options.Url!);
        var tls = ClientTls.Read(options);
        var calls = new AuthenticatedCalls(options.ApiKey!, options.Timeout);
        var connectTimeout = addresses.Count == 1 ? System.Threading.Timeout.InfiniteTimeSpan : options.Timeout / (options.MaxAttempts + 1);
        return new([.. addresses.Select(address => new Endpoint(Channels.Open(address, tls, connectTimeout), address, calls, new Standing(clock, chance)))]);
    }

    private static bool IsNoAnswer(ControlZeroException error) => error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded;

    /// <summary>The agent of questions that name none. Null: there is no such agent.</summary>
    private async ValueTask<string?> AgentAsync(CallBudget budget) => _options.AgentId ?? await _binding.SoleAgentAsync(budget).ConfigureAwait(false);
}
