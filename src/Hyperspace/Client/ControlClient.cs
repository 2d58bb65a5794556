using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hyperspace.Api;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Client;

/// <summary>The control API refuses, or cannot be reached. The message is for people.</summary>
internal sealed class ControlException : Exception
{
    public ControlException(string message) : base(message) { }

    public ControlException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>A client of the control API: HTTP/JSON over the daemon's Unix socket. All members throw <see cref="ControlException"/>.</summary>
/// <param name="socket">The path of <c>api.sock</c>.</param>
internal sealed class ControlClient(string socket) : IDisposable
{
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectCallback = (_, cancel) => ConnectAsync(socket, cancel), UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
    {
        BaseAddress = new Uri("http://hyperspace/"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Whether a daemon answers; never throws.</summary>
    public async Task<bool> IsAnsweringAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(ProbePatience);
        try
        {
            await GetHostAsync(patience.Token);
            return true;
        }
        catch (Exception e) when (e is ControlException or OperationCanceledException)
        {
            return false;
        }
    }

    public Task<HostStatus> GetHostAsync(CancellationToken cancel) => GetAsync("v1/host", ControlJson.Default.HostStatus, cancel);

    public Task<IReadOnlyList<VmStatus>> GetVmsAsync(CancellationToken cancel) => GetAsync("v1/vms", ControlJson.Default.IReadOnlyListVmStatus, cancel);

    public Task<VmStatus> GetVmAsync(string vm, CancellationToken cancel) => GetAsync($"v1/vms/{Escaped(vm)}", ControlJson.Default.VmStatus, cancel);

    public async Task ActAsync(string vm, VmAction action, CancellationToken cancel)
    {
        string name = action switch
        {
            VmAction.Start => "start",
            VmAction.Stop => "stop",
            VmAction.Kill => "kill",
            VmAction.Reset => "reset",
            VmAction.Pause => "pause",
            VmAction.Resume => "resume",
            VmAction.StartCold => "start-cold",
            VmAction.Checkpoint => "checkpoint",
            VmAction.Sleep => "sleep",
            VmAction.Wake => "wake",
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, $"v1/vms/{Escaped(vm)}/{name}", null, cancel);
    }

    /// <returns>The VM that it is about afterwards: for an open the one that was opened.</returns>
    public Task<VmStatus> InstantAsync(string vm, InstantAction action, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"v1/instant/{Escaped(vm)}/{action.ToString().ToLowerInvariant()}", null, ControlJson.Default.VmStatus, cancel);

    public async Task MoveAsync(string vm, int? port, CancellationToken cancel)
    {
        HttpContent body = Body(new PortRequest(port), ApiJson.Default.PortRequest);
        using HttpResponseMessage response = await SendAsync(HttpMethod.Put, $"v1/vms/{Escaped(vm)}/port", body, cancel);
    }

    /// <param name="log"><c>serial</c>, <c>qemu</c> or <c>events</c>.</param>
    public Task<IReadOnlyList<string>> GetLogAsync(string vm, string log, int maxLines, CancellationToken cancel) =>
        GetAsync($"v1/vms/{Escaped(vm)}/logs/{Escaped(log)}?lines={maxLines}", ControlJson.Default.IReadOnlyListString, cancel);

    /// <summary>Tells the daemon to read the definitions again.</summary>
    /// <returns>All VMs, as they are then.</returns>
    public Task<IReadOnlyList<VmStatus>> ReloadAsync(CancellationToken cancel) => SendAsync(HttpMethod.Post, "v1/reload", null, ControlJson.Default.IReadOnlyListVmStatus, cancel);

    public Task<PowerReport> GetPowerAsync(CancellationToken cancel) => GetAsync("v1/power", ControlJson.Default.PowerReport, cancel);

    /// <summary>Sets values in place of this machine's own.</summary>
    public Task<PowerReport> SetPowerAsync(PowerSetting setting, CancellationToken cancel) =>
        SendAsync(HttpMethod.Patch, "v1/power", Body(setting, ControlJson.Default.PowerSetting), ControlJson.Default.PowerReport, cancel);

    /// <summary>The machine's own values count again.</summary>
    public Task<PowerReport> ReleasePowerAsync(CancellationToken cancel) => SendAsync(HttpMethod.Delete, "v1/power", null, ControlJson.Default.PowerReport, cancel);

    /// <summary>What the power rules did last and are doing.</summary>
    public Task<PolicyStatus> GetPolicyAsync(CancellationToken cancel) => GetAsync("v1/power/policy", ControlJson.Default.PolicyStatus, cancel);

    /// <summary>Gives up what the power rules are doing.</summary>
    /// <returns>As it was before.</returns>
    public Task<PolicyStatus> CancelPolicyAsync(CancellationToken cancel) => SendAsync(HttpMethod.Post, "v1/power/cancel", null, ControlJson.Default.PolicyStatus, cancel);

    public async Task<int> GetBrightnessAsync(CancellationToken cancel) => (await GetAsync("v1/power/brightness", ControlJson.Default.BrightnessLevel, cancel)).Percent;

    /// <param name="percent">0 to 100.</param>
    /// <returns>What it is then.</returns>
    public async Task<int> SetBrightnessAsync(int percent, CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Put, "v1/power/brightness", Body(new BrightnessRequest(percent), ApiJson.Default.BrightnessRequest), ControlJson.Default.BrightnessLevel, cancel)).Percent;

    public Task<SeatStatus> GetSeatAsync(CancellationToken cancel) => GetAsync("v1/seat", ControlJson.Default.SeatStatus, cancel);

    public Task<SeatStatus> SwitchAsync(int port, CancellationToken cancel) => PostSeatAsync("switch", Body(new SwitchRequest(port), ApiJson.Default.SwitchRequest), cancel);

    /// <param name="chord">As <c>Chord.Parse</c> reads it, such as <c>leader 2</c>.</param>
    /// <returns>The seat when the chord has been pressed.</returns>
    public Task<SeatStatus> PressAsync(string chord, CancellationToken cancel) => PostSeatAsync("press", Body(new PressRequest(chord), ApiJson.Default.PressRequest), cancel);

    /// <returns>The seat when all has been typed.</returns>
    public Task<SeatStatus> TypeAsync(string text, CancellationToken cancel) => PostSeatAsync("type", Body(new TypeRequest(text), ApiJson.Default.TypeRequest), cancel);

    /// <param name="volume"><c>0</c> to <c>100</c>, <c>up</c>, <c>down</c>, <c>mute</c> or <c>unmute</c>.</param>
    public Task<SeatStatus> SetVolumeAsync(string volume, CancellationToken cancel) => PostSeatAsync("volume", Body(new VolumeRequest(volume), ApiJson.Default.VolumeRequest), cancel);

    /// <param name="vm">Null unlocks.</param>
    public Task<SeatStatus> LockAsync(string? vm, CancellationToken cancel) => PostSeatAsync("lock", Body(new LockRequest(vm), ApiJson.Default.LockRequest), cancel);

    /// <param name="action"><c>accept</c> or <c>forget</c>.</param>
    public Task<SeatStatus> DeviceAsync(string id, string action, CancellationToken cancel) =>
        PostSeatAsync("devices", Body(new DeviceRequest(id, action), ApiJson.Default.DeviceRequest), cancel);

    /// <param name="id">A monitor's id, or its socket's name.</param>
    /// <param name="port">1 to 9, or null for a mirror.</param>
    public Task<SeatStatus> MonitorAsync(string id, int? port, CancellationToken cancel) =>
        PostSeatAsync("monitors", Body(new MonitorRequest(id, port), ApiJson.Default.MonitorRequest), cancel);

    /// <param name="id">A monitor's id, or its socket's name.</param>
    public Task<SeatStatus> PrimaryMonitorAsync(string id, CancellationToken cancel) =>
        PostSeatAsync("monitors/primary", Body(new PrimaryMonitorRequest(id), ApiJson.Default.PrimaryMonitorRequest), cancel);

    /// <summary>A PNG file.</summary>
    /// <param name="port">0 to 9, or null for what the monitor shows.</param>
    public async Task<byte[]> ScreenshotAsync(int? port, CancellationToken cancel)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, $"v1/seat/screenshot{(port is { } n ? $"?port={n}" : "")}", null, cancel);
        return await ReadAsync(token => response.Content.ReadAsByteArrayAsync(token), cancel);
    }

    /// <summary>The state of everything, now and on each change, until the caller has enough. Ends with a <see cref="ControlException"/> when the daemon does.</summary>
    public async IAsyncEnumerable<Snapshot> WatchAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, "v1/events", null, cancel);
        using var lines = new StreamReader(await ReadAsync(response.Content.ReadAsStreamAsync, cancel));
        const string data = "data: ";
        while (await ReadAsync(token => lines.ReadLineAsync(token).AsTask(), cancel) is { } line)
        {
            if (line.StartsWith(data, StringComparison.Ordinal))
            {
                yield return Parse(Encoding.UTF8.GetBytes(line[data.Length..]), ControlJson.Default.Snapshot);
            }
        }

        throw new ControlException("The daemon has ended. Running VMs go on.");
    }

    private Task<SeatStatus> PostSeatAsync(string what, HttpContent body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"v1/seat/{what}", body, ControlJson.Default.SeatStatus, cancel);

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, type, cancel);

    private async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using HttpResponseMessage response = await SendAsync(method, path, body, cancel);
        return Parse(await ReadAsync(token => response.Content.ReadAsByteArrayAsync(token), cancel), type);
    }

    private static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new ControlException("The daemon's answer makes no sense; is it another version?", e);
        }
    }

    /// <summary>Sends a request and makes an exception of a refusal. The body of the answer is yet to be read.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        HttpResponseMessage response = await ReadAsync(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancel);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RefusalAsync(response, cancel);
        }
    }

    private async Task<ControlException> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentType?.MediaType != ApiErrors.ContentType)
        {
            return new ControlException($"The daemon answered with status {(int)response.StatusCode} ({response.ReasonPhrase}).");
        }

        Problem problem = Parse(await ReadAsync(token => response.Content.ReadAsByteArrayAsync(token), cancel), ControlJson.Default.Problem);
        return new ControlException(problem.Detail is null ? problem.Title : $"{problem.Title} {problem.Detail}");
    }

    /// <summary>Makes sentences of what breaks on the way.</summary>
    private async Task<T> ReadAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            return await read(cancel);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw Sentence(e) is { } known ? new ControlException(known) : new ControlException($"The connection to the daemon broke before it had answered: {e.Message}", e);
        }
    }

    /// <summary>What to do about it; null when that is not known. The system's own words for these would only confuse.</summary>
    private string? Sentence(Exception e) => Innermost<SocketException>(e)?.SocketErrorCode switch
    {
        SocketError.AddressNotAvailable or SocketError.ConnectionRefused =>
            $"No daemon is running: nobody listens on {socket}. Start one with `hyperspace daemon`, or daemon and seat with `hyperspace run`.",
        SocketError.AccessDenied => $"You may not use the daemon's socket {socket}: it is for its owner and its group only.",
        _ when Innermost<ArgumentOutOfRangeException>(e) is not null => $"The socket's path {socket} is longer than Linux allows (107 bytes). Set HYPERSPACE_HOME or XDG_RUNTIME_DIR to a shorter folder.",
        _ => null,
    };

    private static T? Innermost<T>(Exception? e) where T : Exception => e is null ? null : e as T ?? Innermost<T>(e.InnerException);

    private static ByteArrayContent Body<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static string Escaped(string segment) => Uri.EscapeDataString(segment);

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancel)
    {
        var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await unix.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(unix, ownsSocket: true);
        }
        catch
        {
            unix.Dispose();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();
}
