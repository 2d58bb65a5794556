using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Threading.Channels;

namespace Hyperspace.Commands.Tour;

/// <summary>What a browser has told of itself and of what was typed into it.</summary>
/// <param name="Agent">Its <c>navigator.userAgent</c>.</param>
/// <param name="Text">What stands in the page's field.</param>
/// <param name="Path">The page that it has opened, with its slash: all paths lead to the same page.</param>
/// <param name="Cookie">What it sent as its cookies, with this report; empty for none.</param>
/// <param name="ClockError">By how much at least its clock is wrong: the report was made after the page was served, and before it arrived.</param>
internal sealed record PageReport(string Agent, string Text, string Path, string Cookie, TimeSpan ClockError);

/// <summary>
/// A page on this host, for the guest's browser. Its script reports over HTTP what it runs in, and each change of its one field. A browser that comes without a cookie gets one, of a kind that
/// is kept when the browser ends. A path that ends like a text file leads to one, to be downloaded, that has the path in it. Only this host can reach it.
/// </summary>
internal sealed class TourPage : IAsyncDisposable
{
    private const int MaxReport = 4 << 10;
    private const int MaxReports = 1000;

    /// <summary>Of a clock, in ms: the year 2286.</summary>
    private const long MaxTime = 10_000_000_000_000;

    private const string Html = """
        <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>From this computer</title>
        <style>
        body { font: 28px sans-serif; background: linear-gradient(#123047, #2b6c8f); color: #fff; margin: 0; height: 100vh; display: grid; place-content: center; text-align: center }
        input { font: 32px sans-serif; padding: .4em .8em; border: 0; border-radius: .5em; width: 20em }
        </style></head><body>
        <h1>A page from this computer</h1>
        <p><input id="field" autofocus autocomplete="off" spellcheck="false"></p>
        <script>
        const field = document.getElementById('field');
        const tell = () => fetch(location.pathname, { method: 'POST', body: [navigator.userAgent, SERVED, Date.now(), field.value].join('\n') });
        field.addEventListener('input', tell);
        field.focus();
        tell();
        </script></body></html>
        """;

    private const string CookieName = "visitor", FileEnding = ".txt";

    private readonly ConcurrentQueue<(string Path, string Cookie)> _visits = new();
    private readonly WebApplication _app;
    private readonly Channel<PageReport> _reports = Channel.CreateBounded<PageReport>(new BoundedChannelOptions(MaxReports) { FullMode = BoundedChannelFullMode.DropOldest });

    private TourPage(WebApplication app) => _app = app;

    /// <summary>On 127.0.0.1, which a guest's user network calls 10.0.2.2.</summary>
    public int Port { get; private set; }

    public ChannelReader<PageReport> Reports => _reports.Reader;

    /// <summary>Each page that was asked for, with the cookies that came with the question; empty for none.</summary>
    public IReadOnlyList<(string Path, string Cookie)> Visits => [.. _visits];

    public static async Task<TourPage> StartAsync(CancellationToken cancel)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var page = new TourPage(app);
        app.Run(page.AnswerAsync);
        await app.StartAsync(cancel);
        page.Port = new Uri(app.Urls.Single()).Port;
        return page;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string untrustedCookie = context.Request.Headers.Cookie.ToString(), untrustedPath = context.Request.Path.Value ?? "";
        if (context.Request.Method == "POST")
        {
            using var reader = new StreamReader(context.Request.Body);
            var untrusted = new char[MaxReport];
            int n = await reader.ReadBlockAsync(untrusted);
            if (new string(untrusted, 0, n).Split('\n', 4) is [var agent, var served, var clock, var text] && Time(served) is { } earliest && Time(clock) is { } then)
            {
                DateTimeOffset latest = DateTimeOffset.UtcNow;
                TimeSpan wrong = then > latest ? then - latest : then < earliest ? earliest - then : TimeSpan.Zero;
                _reports.Writer.TryWrite(new PageReport(agent, text, untrustedPath, untrustedCookie, wrong));
            }

            return;
        }

        if (untrustedPath == "/favicon.ico")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (_visits.Count < MaxReports)
        {
            _visits.Enqueue((untrustedPath, untrustedCookie));
        }

        if (untrustedPath.EndsWith(FileEnding, StringComparison.Ordinal))
        {
            context.Response.ContentType = "text/plain";
            context.Response.Headers.ContentDisposition = "attachment";
            await context.Response.WriteAsync($"This is {untrustedPath}.\n");
            return;
        }

        if (untrustedCookie.Length == 0)
        {
            context.Response.Headers.SetCookie = $"{CookieName}={Guid.NewGuid():N}; Max-Age=86400; Path=/";
        }

        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(Html.Replace("SERVED", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    /// <param name="untrustedMilliseconds">Since 1970, as JavaScript counts.</param>
    private static DateTimeOffset? Time(string untrustedMilliseconds) =>
        long.TryParse(untrustedMilliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds) && milliseconds < MaxTime ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>The first report that fulfils a condition; earlier ones are dropped.</summary>
    /// <exception cref="TourException">It did not come.</exception>
    public async Task<PageReport> WaitAsync(Func<PageReport, bool> wanted, string what, TimeSpan atMost, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(atMost);
        string last = "nothing";
        try
        {
            while (true)
            {
                PageReport report = await Reports.ReadAsync(late.Token);
                if (wanted(report))
                {
                    return report;
                }

                last = $"\"{report.Text}\"";
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TourException($"waited {atMost.TotalSeconds:0} s for {what} from the page in the guest's browser; the last that it said was {last}");
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
