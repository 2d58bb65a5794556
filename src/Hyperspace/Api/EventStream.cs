using System.Text.Json;
using System.Threading.Channels;
using Hyperspace.Daemon;

namespace Hyperspace.Api;

/// <summary>
/// <c>GET /v1/events</c>: a snapshot at once and on every change, as server-sent events (WHATWG HTML standard, section 9.2). A client that reads slowly gets fewer of them, and always the newest;
/// one that does not read at all is ended by Kestrel's least rate.
/// </summary>
internal static class EventStream
{
    /// <summary>The shortest time between two events.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    public static async Task WriteAsync(HttpContext context, StatusBoard board, CancellationToken ending)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending);
        CancellationToken cancel = both.Token;
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void OnChanged(BoardChange _) => changes.Writer.TryWrite(true);

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        board.Changed += OnChanged;
        try
        {
            while (true)
            {
                await context.Response.Body.WriteAsync("event: snapshot\ndata: "u8.ToArray(), cancel);
                await JsonSerializer.SerializeAsync(context.Response.Body, board.Current, ReadableJson.Default.Snapshot, cancel);
                await context.Response.Body.WriteAsync("\n\n"u8.ToArray(), cancel);
                await context.Response.Body.FlushAsync(cancel);
                await Task.Delay(Settle, cancel);
                await changes.Reader.ReadAsync(cancel);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested || context.RequestAborted.IsCancellationRequested)
        {
            // The daemon or the client ends; the stream ends with it.
        }
        finally
        {
            board.Changed -= OnChanged;
        }
    }
}
