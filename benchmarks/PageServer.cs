using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hyperspace.Benchmarks;

/// <summary>A web server on the host with one page, whose script tells it when the page has been loaded.</summary>
internal sealed class PageServer : IDisposable
{
    private const string Page = "<!doctype html><title>Page</title><body onload=\"fetch('/loaded', {method: 'POST'})\"><h1>It is there</h1>";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _loaded;

    public PageServer()
    {
        _listener.Start();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How often a page has been loaded.</summary>
    public int Loaded => Volatile.Read(ref _loaded);

    private void Serve()
    {
        try
        {
            while (true)
            {
                using TcpClient client = _listener.AcceptTcpClient();
                Answer(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // It ends.
        }
    }

    private void Answer(NetworkStream stream)
    {
        stream.ReadTimeout = 10_000;
        try
        {
            using var reader = new StreamReader(stream, Encoding.ASCII);
            string? request = reader.ReadLine();
            while (reader.ReadLine() is { Length: > 0 })
            {
            }

            string body = request?.StartsWith("GET / ", StringComparison.Ordinal) == true ? Page : "";
            stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
            if (request?.StartsWith("POST /loaded", StringComparison.Ordinal) == true)
            {
                Interlocked.Increment(ref _loaded);
            }
        }
        catch (IOException)
        {
            // A connection that a browser opened and did not use.
        }
    }

    public void Dispose() => _listener.Dispose();
}
