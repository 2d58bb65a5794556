using System.Text.Json;
using Hyperspace.Link;
using Hyperspace.Machines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Api;

/// <summary>The request itself is wrong. The message is for people.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status => status;
}

/// <summary>Makes problem details (RFC 9457) of whatever goes wrong.</summary>
internal static class ApiErrors
{
    public const string ContentType = "application/problem+json";

    /// <summary>Runs what follows and answers its errors, and answers that have only a status yet.</summary>
    public static async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400 } response)
            {
                await WriteAsync(context, OfStatus(context, response.StatusCode));
            }
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client has gone; there is nobody to tell.
        }
        catch (Exception e)
        {
            Problem problem = Of(e);
            if (problem.Status == StatusCodes.Status500InternalServerError)
            {
                Console.Error.WriteLine($"hyperspace: {context.Request.Method} {context.Request.Path}: {e}");
            }

            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            await WriteAsync(context, problem);
        }
    }

    /// <summary>What to answer for an exception.</summary>
    public static Problem Of(Exception e) => e switch
    {
        ApiException { Status: var status } => new Problem(e.Message, null, status),
        UnknownMachineException => new Problem(e.Message, null, StatusCodes.Status404NotFound),
        MachineStateException => new Problem(e.Message, Chain(e), StatusCodes.Status409Conflict),
        MachineException => new Problem(e.Message, Chain(e), StatusCodes.Status422UnprocessableEntity),
        SeatException { Failure: var failure } => new Problem(e.Message, null, StatusOf(failure)),
        BadHttpRequestException { StatusCode: var status } => new Problem("The request cannot be read.", e.Message, status),
        OperationCanceledException => new Problem("The daemon is ending and did not wait for this to be done.", null, StatusCodes.Status503ServiceUnavailable),
        _ => new Problem("The daemon failed at this; its log says more.", $"{e.GetType().Name}: {e.Message}", StatusCodes.Status500InternalServerError),
    };

    private static int StatusOf(SeatFailure failure) => failure switch
    {
        SeatFailure.Gone => StatusCodes.Status503ServiceUnavailable,
        SeatFailure.Silent => StatusCodes.Status504GatewayTimeout,
        SeatFailure.Refused => StatusCodes.Status422UnprocessableEntity,
        _ => StatusCodes.Status502BadGateway,
    };

    private static Problem OfStatus(HttpContext context, int status) => new(status switch
    {
        StatusCodes.Status404NotFound => $"There is no route {context.Request.Path}; GET /v1/openapi.json describes those that there are.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}.",
        _ => $"The request was answered with status {status}.",
    }, null, status);

    /// <summary>The causes behind the message, null when there are none or they only repeat it.</summary>
    private static string? Chain(Exception e)
    {
        List<string> causes = [];
        for (Exception? inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (!e.Message.Contains(inner.Message, StringComparison.Ordinal))
            {
                causes.Add(inner.Message);
            }
        }

        return causes.Count == 0 ? null : string.Join(" ", causes);
    }

    private static async Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = ContentType;
        await JsonSerializer.SerializeAsync(context.Response.Body, problem, ReadableJson.Default.Problem, context.RequestAborted);
    }
}
