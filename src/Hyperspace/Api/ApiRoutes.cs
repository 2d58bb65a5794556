using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hyperspace.Daemon;
using Hyperspace.Link;
using Hyperspace.Machines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Api;

/// <summary>A route of the API.</summary>
/// <param name="Path">As in OpenAPI and in ASP.NET: <c>/v1/vms/{name}</c>.</param>
internal sealed record ApiRoute(string Method, string Path, RequestDelegate Handler);

/// <summary>
/// What each route does. <c>openapi.json</c> describes them; a test holds both together. What is done to VMs does not end with the client that asked for it: a VM that is being stopped would
/// be left half-way.
/// </summary>
/// <param name="power">The power of this machine and of its VMs.</param>
/// <param name="policy">The power rules; null in a daemon without.</param>
/// <param name="ending">The daemon ends.</param>
internal sealed class ApiRoutes(IFleet fleet, StatusBoard board, ISeatControl seat, IPowerDesk power, IPolicyDesk? policy, CancellationToken ending)
{
    private static readonly TimeSpan SeatPatience = TimeSpan.FromSeconds(10);

    /// <summary>Typed text is paced (4 ms a key event, up to 4 of them a character), and others may be typing before it.</summary>
    private static readonly TimeSpan PatienceACharacter = TimeSpan.FromMilliseconds(50);

    private static readonly byte[] OpenApi = ReadOpenApi();

    public IReadOnlyList<ApiRoute> All =>
    [
        new("GET", "/v1/host", c => Json(c, fleet.Host, ReadableJson.Default.HostStatus)),
        new("GET", "/v1/vms", c => Json(c, fleet.Vms, ReadableJson.Default.IReadOnlyListVmStatus)),
        new("GET", "/v1/vms/{name}", c => Json(c, Vm(Value(c, "name")), ReadableJson.Default.VmStatus)),
        new("POST", "/v1/vms/{name}/{action}", ActAsync),
        new("POST", "/v1/instant/{name}/{action}", InstantAsync),
        new("GET", "/v1/vms/{name}/logs/{log}", LogAsync),
        new("PUT", "/v1/vms/{name}/port", MoveAsync),
        new("POST", "/v1/reload", ReloadAsync),
        new("GET", "/v1/power", c => Json(c, power.Report(), ReadableJson.Default.PowerReport)),
        new("PATCH", "/v1/power", SetPowerAsync),
        new("DELETE", "/v1/power", ReleasePowerAsync),
        new("GET", "/v1/power/policy", c => Json(c, Policy.Status, ReadableJson.Default.PolicyStatus)),
        new("POST", "/v1/power/cancel", CancelPolicyAsync),
        new("GET", "/v1/power/brightness", GetBrightnessAsync),
        new("PUT", "/v1/power/brightness", SetBrightnessAsync),
        new("GET", "/v1/seat", c => AskSeatAsync(c, "status", null, null, SeatPatience)),
        new("POST", "/v1/seat/switch", SwitchAsync),
        new("POST", "/v1/seat/press", PressAsync),
        new("POST", "/v1/seat/type", TypeAsync),
        new("POST", "/v1/seat/volume", VolumeAsync),
        new("POST", "/v1/seat/lock", LockAsync),
        new("POST", "/v1/seat/devices", DeviceAsync),
        new("POST", "/v1/seat/monitors", MonitorAsync),
        new("POST", "/v1/seat/monitors/primary", PrimaryMonitorAsync),
        new("GET", "/v1/seat/screenshot", ScreenshotAsync),
        new("GET", "/v1/events", c => EventStream.WriteAsync(c, board, ending)),
        new("GET", "/v1/openapi.json", c => Bytes(c, OpenApi, "application/json")),
    ];

    private async Task ActAsync(HttpContext context)
    {
        string name = Value(context, "name");
        VmAction action = Value(context, "action") switch
        {
            "start" => VmAction.Start,
            "stop" => VmAction.Stop,
            "kill" => VmAction.Kill,
            "reset" => VmAction.Reset,
            "pause" => VmAction.Pause,
            "resume" => VmAction.Resume,
            "start-cold" => VmAction.StartCold,
            "checkpoint" => VmAction.Checkpoint,
            "sleep" => VmAction.Sleep,
            "wake" => VmAction.Wake,
            var other => throw new ApiException(StatusCodes.Status404NotFound, $"There is no action \"{other}\"; expected start, stop, kill, reset, pause, resume, sleep, wake, start-cold or checkpoint."),
        };
        await fleet.ActAsync(name, action, ending);
        await Json(context, Vm(name), ReadableJson.Default.VmStatus);
    }

    private async Task InstantAsync(HttpContext context)
    {
        string name = Value(context, "name");
        InstantAction action = Value(context, "action") switch
        {
            "open" => InstantAction.Open,
            "close" => InstantAction.Close,
            "build" => InstantAction.Build,
            "verify" => InstantAction.Verify,
            var other => throw new ApiException(StatusCodes.Status404NotFound, $"There is no action \"{other}\"; expected open, close, build or verify."),
        };
        VmStatus before = Vm(name);
        string about = await fleet.InstantAsync(name, action, ending);

        // A disposable that was closed is no more.
        await Json(context, fleet.Vms.FirstOrDefault(vm => vm.Name == about) ?? before with { State = VmState.Off, Pid = null, StartedAt = null, StartedBy = null }, ReadableJson.Default.VmStatus);
    }

    private async Task LogAsync(HttpContext context)
    {
        int lines = Number(context, "lines", 1, 10_000) ?? 100;
        VmStatus vm = Vm(Value(context, "name"));
        string log = Value(context, "log");
        if (log is not ("serial" or "qemu" or "events"))
        {
            throw new ApiException(StatusCodes.Status404NotFound, $"There is no log \"{log}\"; expected serial, qemu or events.");
        }

        await Json(context, await fleet.LogAsync(vm.Name, log, lines, ending), ReadableJson.Default.IReadOnlyListString);
    }

    private async Task MoveAsync(HttpContext context)
    {
        PortRequest body = await BodyAsync(context, ApiJson.Default.PortRequest, """{"port": 3}""");
        if (body.Port is < 1 or > 9)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"There is no port {body.Port} for a VM; expected 1 to 9, or null.");
        }

        await fleet.MoveAsync(Value(context, "name"), body.Port, ending);
        await Json(context, Vm(Value(context, "name")), ReadableJson.Default.VmStatus);
    }

    private async Task ReloadAsync(HttpContext context)
    {
        await fleet.ReloadAsync(ending);
        await Json(context, fleet.Vms, ReadableJson.Default.IReadOnlyListVmStatus);
    }

    private async Task SetPowerAsync(HttpContext context)
    {
        PowerSetting body = await BodyAsync(context, ApiJson.Default.PowerSetting, """{"acOnline": false, "batteries": [{"name": "BAT0", "present": true, "status": "discharging", "levelPercent": 42}]}""");
        if (body.Batteries?.Any(b => b is null) == true)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "A battery is null; expected an object.");
        }

        try
        {
            power.Set(body);
        }
        catch (MachineException e)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, e.Message);
        }

        await Json(context, power.Report(), ReadableJson.Default.PowerReport);
    }

    private async Task ReleasePowerAsync(HttpContext context)
    {
        power.Release();
        await Json(context, power.Report(), ReadableJson.Default.PowerReport);
    }

    private IPolicyDesk Policy => policy ?? throw new ApiException(StatusCodes.Status404NotFound, "This daemon has no power rules.");

    /// <summary>Answers with what was being done.</summary>
    private async Task CancelPolicyAsync(HttpContext context)
    {
        PolicyStatus before = Policy.Status;
        bool cancelled = Policy.Cancel();
        await Json(context, cancelled ? before : before with { Running = null }, ReadableJson.Default.PolicyStatus);
    }

    private Task GetBrightnessAsync(HttpContext context) =>
        Json(context, new BrightnessLevel(Policy.BrightnessPercent ?? throw new MachineException("This machine has no backlight that can be set.")), ReadableJson.Default.BrightnessLevel);

    private async Task SetBrightnessAsync(HttpContext context)
    {
        BrightnessRequest body = await BodyAsync(context, ApiJson.Default.BrightnessRequest, """{"percent": 60}""");
        if (body.Percent is < 0 or > 100)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"A brightness of {body.Percent} % makes no sense; expected 0 to 100.");
        }

        await Json(context, new BrightnessLevel(await Policy.SetBrightnessAsync(body.Percent, context.RequestAborted)), ReadableJson.Default.BrightnessLevel);
    }

    private async Task SwitchAsync(HttpContext context)
    {
        SwitchRequest body = await BodyAsync(context, ApiJson.Default.SwitchRequest, """{"port": 2}""");
        if (body.Port is < 0 or > 9)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"There is no port {body.Port}; expected 0 to 9.");
        }

        await AskSeatAsync(context, "switch", null, body.Port, SeatPatience);
    }

    private async Task PressAsync(HttpContext context)
    {
        PressRequest body = await BodyAsync(context, ApiJson.Default.PressRequest, """{"chord": "leader 2"}""");
        await AskSeatAsync(context, "press", body.Chord, null, SeatPatience + ApiServer.MaxTypedCharacters * PatienceACharacter);
    }

    private async Task TypeAsync(HttpContext context)
    {
        TypeRequest body = await BodyAsync(context, ApiJson.Default.TypeRequest, """{"text": "hello"}""");
        if (body.Text.Length > ApiServer.MaxTypedCharacters)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"The text has {body.Text.Length} characters; at most {ApiServer.MaxTypedCharacters} are typed at once.");
        }

        await AskSeatAsync(context, "type", body.Text, null, SeatPatience + ApiServer.MaxTypedCharacters * PatienceACharacter);
    }

    private async Task VolumeAsync(HttpContext context)
    {
        VolumeRequest body = await BodyAsync(context, ApiJson.Default.VolumeRequest, """{"volume": "40"}""");
        await AskSeatAsync(context, "volume", body.Volume, null, SeatPatience);
    }

    private async Task LockAsync(HttpContext context)
    {
        LockRequest body = await BodyAsync(context, ApiJson.Default.LockRequest, """{"vm": "work"}""");
        await AskSeatAsync(context, body.Vm is null ? "unlock" : "lock", body.Vm, null, SeatPatience);
    }

    private async Task DeviceAsync(HttpContext context)
    {
        DeviceRequest body = await BodyAsync(context, ApiJson.Default.DeviceRequest, """{"id": "usb:046d:c31c:A1", "action": "accept"}""");
        if (body.Action is not ("accept" or "forget"))
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"There is no action \"{body.Action}\" for a device; expected accept or forget.");
        }

        await AskSeatAsync(context, body.Action, body.Id, null, SeatPatience);
    }

    private async Task MonitorAsync(HttpContext context)
    {
        MonitorRequest body = await BodyAsync(context, ApiJson.Default.MonitorRequest, """{"id": "DEL-A0B3-12345678", "port": 2}""");
        if (body.Port is < 1 or > 9)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"There is no port {body.Port} that a monitor can have of its own; expected 1 to 9, or null for a mirror.");
        }

        await AskSeatAsync(context, "monitor", body.Id, body.Port, SeatPatience);
    }

    private async Task PrimaryMonitorAsync(HttpContext context)
    {
        PrimaryMonitorRequest body = await BodyAsync(context, ApiJson.Default.PrimaryMonitorRequest, """{"id": "DEL-A0B3-12345678"}""");
        await AskSeatAsync(context, "primary", body.Id, null, SeatPatience);
    }

    private async Task AskSeatAsync(HttpContext context, string op, string? text, int? port, TimeSpan patience)
    {
        using SeatAnswer answer = await seat.AskAsync(op, text, port, patience, context.RequestAborted);
        SeatStatus status = answer.Answer.Seat ?? throw new SeatException(SeatFailure.Garbled, "The seat answered without its status.");
        await Json(context, status, ReadableJson.Default.SeatStatus);
    }

    private async Task ScreenshotAsync(HttpContext context)
    {
        int? port = Number(context, "port", 0, 9);
        using SeatAnswer answer = await seat.AskAsync("screenshot", null, port, SeatPatience, context.RequestAborted);
        if (answer is not { Answer.Screenshot: { } info, Picture: { } picture })
        {
            throw new SeatException(SeatFailure.Garbled, "The seat answered without a picture.");
        }

        using var png = new MemoryStream();
        Screenshot.Encode(info, picture, png);
        await Bytes(context, png.GetBuffer().AsMemory(0, (int)png.Length), "image/png");
    }

    private VmStatus Vm(string name) => fleet.Vms.FirstOrDefault(vm => vm.Name == name) ?? throw new UnknownMachineException(name);

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static int? Number(HttpContext context, string name, int least, int most) => context.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most => value,
        var text => throw new ApiException(StatusCodes.Status400BadRequest, $"{name}={text} is out of range; expected {least} to {most}."),
    };

    /// <param name="example">Of a body that would be right.</param>
    private static async Task<T> BodyAsync<T>(HttpContext context, JsonTypeInfo<T> type, string example)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"The request's body is not what {context.Request.Path} takes; expected JSON such as {example}.");
        }
    }

    private static async Task Json<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    private static async Task Bytes(HttpContext context, ReadOnlyMemory<byte> bytes, string contentType)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static byte[] ReadOpenApi()
    {
        using Stream stream = typeof(ApiRoutes).Assembly.GetManifestResourceStream("openapi.json")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
